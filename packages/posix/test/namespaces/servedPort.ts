/** Port and group of the servers that follow interfaces. */
export const portOfTest = 5300
export const groupOfTest = "239.7.7.7"

/** Files and folders whose English is held to the rules. The list grows until it is the whole tree. */
export const clean: ReadonlyArray<string> = ["packages/testing/prose"]

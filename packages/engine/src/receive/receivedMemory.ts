/**
 * True while received memory is being decoded. Sockets share the memory, and definitions of the program decode it. Calls of a definition
 * must not receive into it, so they find nothing to read. The event loop reports the datagrams again.
 */
export const receivedMemory = { isRead: false }

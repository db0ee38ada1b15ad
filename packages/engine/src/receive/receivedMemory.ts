/**
 * Whether received memory is being read. Sockets share it, and a definition of the program's own reads it: what that calls must not receive into it,
 * and finds nothing to be read; the event loop reports it again.
 */
export const receivedMemory = { isRead: false }

/** A program that never takes a socket, and never ends. */
setInterval(() => undefined, 1 << 30)

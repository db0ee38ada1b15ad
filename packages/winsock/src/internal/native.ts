/** What needs koffi, in one module, so that one dynamic import finds out whether it is there. */
export { errorName, fault, WSAEAFNOSUPPORT, WSAEINVAL } from "./errno.ts"
export { interfaces } from "./interfaces.ts"
export * as memory from "./memory.ts"
export { adopt, open } from "./socket.ts"
export { load } from "./ws2_32.ts"

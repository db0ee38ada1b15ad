/** What needs koffi, in one module, so that one dynamic import finds out whether it is there. */
export * as memory from "./memory.ts"
export { interfaces } from "./interfaces.ts"
export * as routing from "./routing.ts"
export { load } from "./libc.ts"
export { errorName } from "./errno.ts"
export { adopt, open, pair, release } from "./socket.ts"

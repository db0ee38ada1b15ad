/** What needs koffi, in one module, so that one dynamic import finds out whether it is there. */
export { allocate } from "./memory.ts"
export { load } from "./libc.ts"
export { open } from "./socket.ts"

/** What needs koffi, in one module, so that one dynamic import finds out whether it is there. */
export { allocate } from "./memory.ts"
export { open } from "./socket.ts"
export { load } from "./ws2_32.ts"

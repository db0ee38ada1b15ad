/** What needs koffi, in one module, so that one dynamic import finds out whether it is there. */
export { makeArenas } from "./arena.ts"
export { load } from "./libc.ts"
export { open } from "./socket.ts"

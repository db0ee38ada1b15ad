/** The parts of the driver that call the C library. */
export * as memory from "@ancillary/native/memory"
export { interfaces } from "./interfaces.ts"
export * as routing from "./routing.ts"
export { load } from "./libc.ts"
export { errorName } from "./errno.ts"
export { adopt, open, pair, release } from "./socket.ts"

/** Everything that requires koffi, so that one dynamic import shows whether koffi can be loaded. */
export { errorName, fault, WSAEAFNOSUPPORT, WSAEINVAL } from "./errno.ts"
export { interfaces } from "./interfaces.ts"
export * as memory from "@ancillary/native/memory"
export { adopt, open } from "./socket.ts"
export { load } from "./ws2_32.ts"

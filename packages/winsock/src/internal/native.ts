/** The parts of the driver that call Winsock. */
export { errorName, fault, WSAEAFNOSUPPORT, WSAEINVAL } from "./errno.ts"
export { interfaces } from "./interfaces.ts"
export * as memory from "@ancillary/native/memory"
export { adopt, open } from "./socket.ts"
export { load } from "./ws2_32.ts"

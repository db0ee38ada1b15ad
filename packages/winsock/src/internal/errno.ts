import { constants } from "node:os"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { makeFaults } from "@ancillary/native/faults"
import type { Ws2 } from "./ws2_32.ts"

/** Winsock: Node has these names only on Windows, beside those of the C runtime (`EINVAL` is 22), which no socket call returns. */
const names = new Map(
  Object.entries(constants.errno)
    .filter(([name]) => name.startsWith("WSA"))
    .map(([name, number]) => [number, name] as const)
)
// Windows: a provider below Winsock may return the system's own number for an ICMP error or a shortage (winerror.h).
for (const [number, name] of [
  [8, "WSA_NOT_ENOUGH_MEMORY"],
  [1231, "WSAENETUNREACH"],
  [1232, "WSAEHOSTUNREACH"],
  [1233, "WSAENOPROTOOPT"],
  [1234, "WSAECONNREFUSED"],
  [1450, "WSAENOBUFS"],
  [1453, "WSAENOBUFS"]
] as const)
  names.set(number, name)

export const { errorName, fault } = makeFaults(names)

export const {
  WSAEAFNOSUPPORT,
  WSAEINVAL,
  WSAEMSGSIZE,
  WSAENOTSOCK,
  WSAEPROTONOSUPPORT,
  WSAEPROTOTYPE,
  WSAEWOULDBLOCK
} = constants.errno

/** The fault of the last foreign call. */
export const lastFault = (ws2: Ws2, syscall: string): Fault => fault(syscall, ws2.WSAGetLastError())

/** The fault of every call on a closed socket. No call is made, because another socket may have the handle by now. */
export const closed = (syscall: string): Fault => fault(syscall, WSAENOTSOCK)

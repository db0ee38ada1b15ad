/** Numbers of errors on Winsock: winsock2.h. */
import type { ErrorName } from "../socket/errors.ts"

type WsaName =
  | "WSAEACCES"
  | "WSAEINVAL"
  | "WSAEWOULDBLOCK"
  | "WSAENOTSOCK"
  | "WSAEDESTADDRREQ"
  | "WSAEMSGSIZE"
  | "WSAENOPROTOOPT"
  | "WSAEPROTONOSUPPORT"
  | "WSAEOPNOTSUPP"
  | "WSAEAFNOSUPPORT"
  | "WSAEADDRINUSE"
  | "WSAEADDRNOTAVAIL"
  | "WSAENETUNREACH"
  | "WSAECONNRESET"
  | "WSAENOBUFS"
  | "WSAEISCONN"
  | "WSAENOTCONN"
  | "WSAEHOSTUNREACH"

const numbers: { readonly [N in WsaName]: number } = {
  WSAEACCES: 10_013,
  WSAEINVAL: 10_022,
  WSAEWOULDBLOCK: 10_035,
  WSAENOTSOCK: 10_038,
  WSAEDESTADDRREQ: 10_039,
  WSAEMSGSIZE: 10_040,
  WSAENOPROTOOPT: 10_042,
  WSAEPROTONOSUPPORT: 10_043,
  WSAEOPNOTSUPP: 10_045,
  WSAEAFNOSUPPORT: 10_047,
  WSAEADDRINUSE: 10_048,
  WSAEADDRNOTAVAIL: 10_049,
  WSAENETUNREACH: 10_051,
  WSAECONNRESET: 10_054,
  WSAENOBUFS: 10_055,
  WSAEISCONN: 10_056,
  WSAENOTCONN: 10_057,
  WSAEHOSTUNREACH: 10_065
}

/** Winsock has fewer errors. A refusal of the peer is a reset there. */
const names: { readonly [N in ErrorName]: WsaName } = {
  EPERM: "WSAEACCES",
  EAGAIN: "WSAEWOULDBLOCK",
  EBADF: "WSAENOTSOCK",
  EACCES: "WSAEACCES",
  ENODEV: "WSAEADDRNOTAVAIL",
  EINVAL: "WSAEINVAL",
  EDOM: "WSAEINVAL",
  EPROTO: "WSAEINVAL",
  ENONET: "WSAENETUNREACH",
  EDESTADDRREQ: "WSAEDESTADDRREQ",
  EMSGSIZE: "WSAEMSGSIZE",
  ENOPROTOOPT: "WSAENOPROTOOPT",
  EPROTONOSUPPORT: "WSAEPROTONOSUPPORT",
  EOPNOTSUPP: "WSAEOPNOTSUPP",
  EAFNOSUPPORT: "WSAEAFNOSUPPORT",
  EADDRINUSE: "WSAEADDRINUSE",
  EADDRNOTAVAIL: "WSAEADDRNOTAVAIL",
  ENETUNREACH: "WSAENETUNREACH",
  ECONNRESET: "WSAECONNRESET",
  ENOBUFS: "WSAENOBUFS",
  EISCONN: "WSAEISCONN",
  ENOTCONN: "WSAENOTCONN",
  ECONNREFUSED: "WSAECONNRESET",
  EHOSTDOWN: "WSAEHOSTUNREACH",
  EHOSTUNREACH: "WSAEHOSTUNREACH"
}

export const errorOf = (name: ErrorName): { readonly code: string; readonly errno: number } => {
  const code = names[name]
  return { code, errno: numbers[code] }
}

const byNumber = new Map(Object.entries(numbers).map(([name, errno]) => [errno, name]))

export const errorName = (errno: number): string => byNumber.get(errno) ?? `WSAE${errno}`

export const errnoOf = (name: ErrorName): number => errorOf(name).errno

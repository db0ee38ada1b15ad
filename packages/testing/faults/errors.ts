/** Errors that each call of a driver can give, from the manual pages of Linux: socket(2), ip(7), udp(7), icmp(7). */
import { constants } from "node:os"
import type { Fault } from "@ancillary/engine/driver/Driver"
import type { CallName } from "./injected.ts"

const memory = ["ENOMEM", "ENOBUFS"]
const descriptors = ["EMFILE", "ENFILE"]
/** Errors that ICMP messages leave on a socket. They concern an earlier send, and any call may report them. */
const earlier = [
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ENONET",
  "ENOPROTOOPT",
  "EOPNOTSUPP",
  "EPROTO",
  "EMSGSIZE",
  "EACCES"
]

const codes: { readonly [name in CallName]: ReadonlyArray<string> } = {
  open: [...memory, ...descriptors, "EACCES", "EPERM", "EAFNOSUPPORT", "EPROTONOSUPPORT", "EINVAL"],
  pair: [...memory, ...descriptors, "EOPNOTSUPP"],
  adopt: ["EBADF", "ENOTSOCK"],
  release: ["EBADF", "EIO"],
  interfaces: [...memory, ...descriptors],
  observeInterfaces: [...memory, ...descriptors, "EPROTONOSUPPORT"],
  setOption: [...memory, "ENOPROTOOPT", "EINVAL", "EPERM", "EACCES", "ENODEV", "EADDRNOTAVAIL", "EADDRINUSE", "EBADF"],
  getOption: ["ENOPROTOOPT", "EINVAL", "EBADF", "ENOMEM"],
  ioctl: ["EINVAL", "ENOTTY", "EBADF", "ENODEV"],
  bind: ["EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "EINVAL", "ENODEV", "EBADF"],
  connect: ["ENETUNREACH", "EHOSTUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EACCES", "EPERM", "EINVAL", "EAGAIN"],
  localAddress: ["ENOBUFS", "EBADF", "EINVAL"],
  peerAddress: ["ENOTCONN", "ENOBUFS", "EBADF"],
  receive: [
    ...memory,
    ...descriptors,
    ...earlier,
    "EINTR",
    "ENETDOWN",
    "ENETRESET",
    "ECONNRESET",
    "EIO",
    "EBADF",
    "EINVAL",
    "EFAULT"
  ],
  receiveErrors: [...memory, "EINTR", "EIO", "EBADF", "EINVAL"],
  send: [
    ...memory,
    ...earlier,
    "EINTR",
    "EPERM",
    "EINVAL",
    "EADDRNOTAVAIL",
    "EAFNOSUPPORT",
    "EDESTADDRREQ",
    "ENETDOWN",
    "EIO",
    "EPIPE",
    "EBADF"
  ],
  poll: ["ENOMEM", "ENOSPC", "EPERM", "EMFILE"],
  close: ["EIO", "EINTR", "ENOSPC"]
}

/** Errors of a receive that end the reader: no later call can succeed. */
const last = new Set(["EPERM", "EIO", "EBADF", "EFAULT", "EINVAL", "ENOTSOCK"])

/** Returns true if a reader may end after this error of this call. */
export const mayEnd = (name: CallName, code: string): boolean =>
  name === "poll" || ((name === "receive" || name === "receiveErrors") && last.has(code))

const numbers: { readonly [code in string]?: number } = constants.errno

export const errorsOf = (name: CallName): ReadonlyArray<Fault> =>
  codes[name].map((code) => {
    const errno = numbers[code] ?? others[code]
    if (errno === undefined) throw new Error(`${code} has no number.`)
    return { syscall: name, code, errno }
  })

/** Numbers of Linux that Node does not list. */
const others: { readonly [code in string]?: number } = { ENONET: 64, EHOSTDOWN: 112 }

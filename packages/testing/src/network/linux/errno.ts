/** Numbers of errors on Linux: asm-generic/errno-base.h, asm-generic/errno.h. */
import type { ErrorName } from "../socket/errors.ts"

export const errnos: { readonly [N in ErrorName]: number } = {
  EPERM: 1,
  EBADF: 9,
  EAGAIN: 11,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  EDOM: 33,
  EPROTO: 71,
  ENONET: 64,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ECONNRESET: 104,
  ENOBUFS: 105,
  EISCONN: 106,
  ENOTCONN: 107,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113
}

/** The "error" of entries of the error queue that are not errors. */
export const ENOMSG = 42

const names = new Map(Object.entries(errnos).map(([name, errno]) => [errno, name]))

export const errorName = (errno: number): string => names.get(errno) ?? (errno === ENOMSG ? "ENOMSG" : `E${errno}`)

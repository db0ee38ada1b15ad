/** Errors that Linux makes of ICMP messages (`icmp_err_convert` of net/ipv4/icmp.c, `icmpv6_err_convert` of net/ipv6/icmp.c). */
import type { Family } from "../address.ts"
import type { IcmpError } from "../ip/icmp.ts"
import type { ErrorName } from "./errors.ts"

export interface Converted {
  readonly errno: ErrorName
  /** A connected socket that has not asked for reports returns it. */
  readonly isHard: boolean
}

const soft = (errno: ErrorName): Converted => ({ errno, isHard: false })
const hard = (errno: ErrorName): Converted => ({ errno, isHard: true })

const unreachable4: ReadonlyArray<Converted> = [
  soft("ENETUNREACH"),
  soft("EHOSTUNREACH"),
  hard("ENOPROTOOPT"),
  hard("ECONNREFUSED"),
  soft("EMSGSIZE"),
  soft("EOPNOTSUPP"),
  hard("ENETUNREACH"),
  hard("EHOSTDOWN"),
  hard("ENONET"),
  hard("ENETUNREACH"),
  hard("EHOSTUNREACH"),
  soft("ENETUNREACH"),
  soft("EHOSTUNREACH"),
  hard("EHOSTUNREACH"),
  hard("EHOSTUNREACH"),
  hard("EHOSTUNREACH")
]
const unreachable6: ReadonlyArray<Converted> = [
  soft("ENETUNREACH"),
  hard("EACCES"),
  soft("EHOSTUNREACH"),
  soft("EHOSTUNREACH"),
  hard("ECONNREFUSED"),
  hard("EACCES"),
  hard("EACCES")
]
const fragmentationNeeded = 4

/** Returns nothing for a message that the socket ignores. */
export const icmpErrno = (family: Family, { code, type }: IcmpError, pathMtuMode: number): Converted | undefined => {
  const discovers = pathMtuMode !== 0
  if (family === "ipv6") {
    if (type === 1) return unreachable6[code]
    if (type === 2) return { errno: "EMSGSIZE", isHard: discovers }
    return type === 3 ? soft("EHOSTUNREACH") : hard("EPROTO")
  }
  if (type === 11) return soft("EHOSTUNREACH")
  if (type === 12) return hard("EPROTO")
  if (code === fragmentationNeeded) return discovers ? hard("EMSGSIZE") : undefined
  return unreachable4[code]
}

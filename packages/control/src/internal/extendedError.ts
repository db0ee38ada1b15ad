/**
 * Linux's extended errors: what the error queue says of an earlier send, for the messages that are made of it.
 */
import type { ReceiveFormat, Request } from "../ControlMessage.ts"
import { Ipv4Address } from "../Ipv4Address.ts"
import type { Ipv6Address } from "../Ipv6Address.ts"
import * as Linux from "../platform/linux.ts"
import { readIpv6 } from "../SocketAddress.ts"
import { on } from "./on.ts"

/** By their numbers, `SO_EE_ORIGIN_…`. */
const origins = ["none", "local", "icmp", "icmp6", "stamp", "zerocopy", "txtime"] as const

/**
 * An entry of the error queue, as its bytes say it (`struct sock_extended_err` and the address behind it).
 *
 * @see ip(7), IP_RECVERR; linux/errqueue.h
 * @category models
 * @since 0.1.0
 */
export interface ExtendedError {
  /** Who says it: this host, a peer or a router by ICMP, or what is no error at all. */
  readonly origin: (typeof origins)[number] | "unknown"
  readonly errno: number
  /** Of the ICMP message, where one is behind it. */
  readonly type: number
  readonly code: number
  /** Two numbers whose meaning the origin decides: the path MTU, what was stamped, a range of sends. */
  readonly info: number
  readonly data: number
  /** Who sent the ICMP message. */
  readonly offender: Ipv4Address | Ipv6Address | undefined
  /**
   * The extension that follows the quoted datagram in the ICMP message (RFC 4884): where it begins, in bytes from the start of what is quoted, and
   * whether Linux found its checksum and lengths right. Absent if there is none, and before Linux 5.9.
   */
  readonly extension: { readonly at: number; readonly valid: boolean } | undefined
}

/** The address behind the structure; family 0 is none. */
type Offender = (view: DataView, at: number) => Ipv4Address | Ipv6Address

const offender4: Offender = (view, at) => new Ipv4Address(view.getUint32(at + 4))
const offender6: Offender = (view, at) => {
  const address = readIpv6(view, at + 8, view.getUint32(at + 24, true))
  // Linux: a socket for both families is told everything as IPv6, what an IPv4 peer or router said among it.
  return address.toIpv4() ?? address
}

/** `struct sock_ee_data_rfc4884`, which takes the place of `ee_data`: a length of 16 bits and flags, of which 1 says that it is invalid. */
const extensionOf = (view: DataView, at: number): ExtendedError["extension"] => {
  const length = view.getUint16(at, true)
  return length === 0 ? undefined : { at: length, valid: (view.getUint8(at + 2) & 1) === 0 }
}

const read = (view: DataView, at: number, offender: Offender): ExtendedError => ({
  errno: view.getUint32(at, true),
  origin: origins[view.getUint8(at + 4)] ?? "unknown",
  // Only an ICMP message is quoted.
  extension: /^icmp6?$/.test(origins[view.getUint8(at + 4)] ?? "") ? extensionOf(view, at + 12) : undefined,
  type: view.getUint8(at + 5),
  code: view.getUint8(at + 6),
  info: view.getUint32(at + 8, true),
  data: view.getUint32(at + 12, true),
  offender: view.getUint16(at + 16, true) === 0 ? undefined : offender(view, at + 16)
})

/** How entries of the error queue arrive on each family, read as what a message makes of them; `undefined` is somebody else's. */
export const extendedErrors = <A>(
  as: (error: ExtendedError) => A | undefined
): { readonly ipv4: ReceiveFormat<A | undefined>; readonly ipv6: ReceiveFormat<A | undefined> } => ({
  ipv4: {
    level: Linux.IPPROTO_IP,
    type: Linux.IP_RECVERR,
    payload: { size: 32, read: (view, at) => as(read(view, at, offender4)) },
    event: "errorQueue"
  },
  ipv6: {
    level: Linux.IPPROTO_IPV6,
    type: Linux.IPV6_RECVERR,
    payload: { size: 44, read: (view, at) => as(read(view, at, offender6)) },
    event: "errorQueue"
  }
})

/**
 * Linux 5.9: asks that entries report where the extension of an ICMP message begins. An older kernel lacks the option, and everything else works.
 */
const asksForExtensions = (level: number, option: number): Request => ({ level, option, value: 1, dispensable: true })

/** Asks for the errors of failed sends that peers, routers and this host report. Stamps come the same way, requested by an option of their own. */
export const asksForErrors: { readonly ipv4: ReadonlyArray<Request>; readonly ipv6: ReadonlyArray<Request> } = {
  ipv4: [...on(Linux.IPPROTO_IP, Linux.IP_RECVERR), asksForExtensions(Linux.IPPROTO_IP, Linux.IP_RECVERR_RFC4884)],
  ipv6: [
    ...on(Linux.IPPROTO_IPV6, Linux.IPV6_RECVERR),
    asksForExtensions(Linux.IPPROTO_IPV6, Linux.IPV6_RECVERR_RFC4884)
  ]
}

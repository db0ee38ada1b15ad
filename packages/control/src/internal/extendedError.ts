/** Linux's extended errors: the error queue's entries about earlier sends, for the messages that are made from them. */
import type { ReceiveFormat, Request } from "../ControlMessage.ts"
import { Ipv4Address } from "../Ipv4Address.ts"
import type { Ipv6Address } from "../Ipv6Address.ts"
import * as Linux from "../platform/linux.ts"
import { readIpv6 } from "../SocketAddress.ts"
import { on } from "./on.ts"

/** The origins, in the order of their numbers `SO_EE_ORIGIN_…`. */
const origins = ["none", "local", "icmp", "icmp6", "stamp", "zerocopy", "txtime"] as const

/**
 * An entry of the error queue, decoded (`struct sock_extended_err` and the address after it).
 *
 * @see ip(7), IP_RECVERR; linux/errqueue.h
 * @category models
 * @since 0.1.0
 */
export interface ExtendedError {
  /**
   * Source of the report: this host (`local`), or a peer or a router by ICMP. Other values are entries that are not
   * errors.
   */
  readonly origin: (typeof origins)[number] | "unknown"
  readonly errno: number
  /** Type of the ICMP message, if there is one. */
  readonly type: number
  readonly code: number
  /** Two numbers whose meaning depends on the origin: the path MTU, the stage of a stamp, a range of sends. */
  readonly info: number
  readonly data: number
  /** Sender of the ICMP message. */
  readonly offender: Ipv4Address | Ipv6Address | undefined
  /**
   * The extension after the quoted datagram in the ICMP message (RFC 4884). `at` is its offset in bytes from the start
   * of the quotation. `valid` is true if Linux found its checksum and lengths correct. Absent if the message has no
   * extension, and before Linux 5.9.
   */
  readonly extension: { readonly at: number; readonly valid: boolean } | undefined
}

/** Reads the address after the structure; family 0 means that it has no address. */
type Offender = (view: DataView, at: number) => Ipv4Address | Ipv6Address

const offender4: Offender = (view, at) => new Ipv4Address(view.getUint32(at + 4))
const offender6: Offender = (view, at) => {
  const address = readIpv6(view, at + 8, view.getUint32(at + 24, true))
  // Linux: a socket for both families gets every entry as IPv6, also those of IPv4 peers and routers.
  return address.toIpv4() ?? address
}

/**
 * `struct sock_ee_data_rfc4884`, which replaces `ee_data`: a length of 16 bits, then flags. Flag 1 means that the
 * extension is invalid.
 */
const extensionOf = (view: DataView, at: number): ExtendedError["extension"] => {
  const length = view.getUint16(at, true)
  return length === 0 ? undefined : { at: length, valid: (view.getUint8(at + 2) & 1) === 0 }
}

const read = (view: DataView, at: number, offender: Offender): ExtendedError => ({
  errno: view.getUint32(at, true),
  origin: origins[view.getUint8(at + 4)] ?? "unknown",
  // Only the quotation of an ICMP message has an extension.
  extension: /^icmp6?$/.test(origins[view.getUint8(at + 4)] ?? "") ? extensionOf(view, at + 12) : undefined,
  type: view.getUint8(at + 5),
  code: view.getUint8(at + 6),
  info: view.getUint32(at + 8, true),
  data: view.getUint32(at + 12, true),
  offender: view.getUint16(at + 16, true) === 0 ? undefined : offender(view, at + 16)
})

/**
 * Receive formats for entries of the error queue, by family. `as` converts an entry to the value of a message, or
 * returns `undefined` if the entry belongs to another message.
 */
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
 * Linux 5.9: requests that entries report the offset of the extension of an ICMP message. Older kernels lack the
 * option, and everything else works.
 */
const asksForExtensions = (level: number, option: number): Request => ({ level, option, value: 1, dispensable: true })

/**
 * Requests the errors of failed sends that peers, routers and this host report. Stamps arrive the same way, and have an
 * option of their own.
 */
export const asksForErrors: { readonly ipv4: ReadonlyArray<Request>; readonly ipv6: ReadonlyArray<Request> } = {
  ipv4: [...on(Linux.IPPROTO_IP, Linux.IP_RECVERR), asksForExtensions(Linux.IPPROTO_IP, Linux.IP_RECVERR_RFC4884)],
  ipv6: [
    ...on(Linux.IPPROTO_IPV6, Linux.IPV6_RECVERR),
    asksForExtensions(Linux.IPPROTO_IPV6, Linux.IPV6_RECVERR_RFC4884)
  ]
}

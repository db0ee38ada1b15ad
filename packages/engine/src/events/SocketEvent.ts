/**
 * What the kernel tells of a socket besides datagrams: `socket.events`.
 *
 * @since 0.1.0
 */
import type { Endpoint, IcmpExtension, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { AnyKind, Maybe, MaybeKind } from "../spec/Maybe.ts"

/**
 * A datagram did not get there: its destination refused it, a router had no way or no hops left for it, or it was too large. Declared by
 * `withErrorReports()`.
 *
 * @see ip(7), ipv6(7)
 * @category models
 * @since 0.1.0
 */
export interface ErrorReport<Kind extends MaybeKind = AnyKind> {
  readonly _tag: "ErrorReport"
  /** Who says so: this host, or somebody by ICMP. */
  readonly origin: "local" | "icmp" | "icmp6"
  /** `"ECONNREFUSED"` (nobody listens there), `"EHOSTUNREACH"`, `"ENETUNREACH"`, `"EMSGSIZE"`, `"EACCES"` … and its number. */
  readonly code: string
  readonly errno: number
  /** The ICMP message itself; none where this host says so. */
  readonly icmp: Maybe<Kind, { readonly type: number; readonly code: number }>
  /** Bytes of the largest packet that gets through, IP header included, where the datagram was too large. */
  readonly mtu: Maybe<Kind, number>
  /** Who sent the ICMP message: the destination, or a router on the way. An IPv4 one is an IPv4 address on a `dual` socket too. */
  readonly offender: Maybe<Kind, Ipv4Address | Ipv6Address>
  /** Where the datagram was going. Absent where the system does not say the whole of it. */
  readonly destination: Maybe<Kind, Endpoint<"dual">>
  /**
   * The payload of the datagram, as far as the ICMP message quotes it; empty if it quotes none, or if `origin` is `"local"`. If `extensions` has
   * objects, a shorter datagram may end with zeros, up to the size of the largest that the socket has sent: the router fills the quote to 128 bytes,
   * and the kernel does not report the length of the datagram.
   */
  readonly datagram: Uint8Array
  /** What the router added to its ICMP message, in order: an MPLS label stack, its interfaces. Empty if nothing, or nothing that can be read. */
  readonly extensions: ReadonlyArray<IcmpExtension.IcmpExtension>
  /** Where the ICMP message (not a datagram) arrived; where packet information is declared. */
  readonly arrival: Maybe<
    Kind,
    {
      readonly localAddress: Ipv4Address | Ipv6Address
      readonly interfaceIndex: number
    }
  >
  /** Hops that the ICMP message (not the datagram) had left when it arrived, 0 to 255; if `withHopLimit()` is declared. */
  readonly hopLimit: Maybe<Kind, number>
  /** The traffic class byte of the ICMP message, 0 to 255; if `withTrafficClass()`, `withDscp()` or `withEcn()` is declared. */
  readonly trafficClass: Maybe<Kind, number>
  /**
   * When the kernel received the ICMP message, in nanoseconds since 1970-01-01T00:00:00Z; if `withTimestamp()` or `withTimestamping()` is
   * declared. The reading program may be late; this is not.
   */
  readonly timestamp: Maybe<Kind, bigint>
}

/**
 * A datagram was too large to be sent without fragments, and this much gets through. Declared by `withPathMtuReports()`.
 *
 * @see RFC 3542 section 11.3
 * @category models
 * @since 0.1.0
 */
export interface PathMtuReport {
  readonly _tag: "PathMtuReport"
  readonly destination: Ipv6Address
  /** Bytes of the largest packet, IP header included. */
  readonly mtu: number
}

/**
 * A datagram that was sent with `transmitTimestamp` was stamped. Declared by `withTransmitTimestamps()`.
 *
 * @see Documentation/networking/timestamping.rst of Linux
 * @category models
 * @since 0.1.0
 */
export interface TransmitTimestamp {
  readonly _tag: "TransmitTimestamp"
  /** The program's number for the datagram, as it was given to `send`. */
  readonly id: number
  /** `sent`: the driver of the interface took it. `scheduled`: it was handed to the interface's scheduler. */
  readonly stage: "scheduled" | "sent"
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly timestamp: bigint
}

/**
 * What a message of one's own says (`withControlMessage`), whose definition marks it as an event.
 *
 * @category models
 * @since 0.1.0
 */
export interface UserEvent {
  readonly _tag: "UserEvent"
  /** The key of the message. */
  readonly key: string
  /** What its definition reads. An answer of `undefined` is no event. */
  readonly value: unknown
}

/**
 * Whatever the kernel tells of a socket besides datagrams.
 *
 * @category models
 * @since 0.1.0
 */
export type SocketEvent<Kind extends MaybeKind = AnyKind> =
  | ErrorReport<Kind>
  | PathMtuReport
  | TransmitTimestamp
  | UserEvent

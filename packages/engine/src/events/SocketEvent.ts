/**
 * Events of a socket, which the kernel reports besides datagrams: `socket.events`.
 *
 * @since 0.1.0
 */
import type { Endpoint, IcmpExtension, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { AnyKind, Maybe, MaybeKind } from "../spec/Maybe.ts"

/**
 * Report of an undelivered datagram, for one of these reasons: its destination refused it, a router had no route or no hops left, or it was
 * too large. Declared by `withErrorReports()`.
 *
 * @see ip(7), ipv6(7)
 * @category models
 * @since 0.1.0
 */
export interface ErrorReport<Kind extends MaybeKind = AnyKind> {
  readonly _tag: "ErrorReport"
  /** Origin of the report: this host, or another by ICMP. */
  readonly origin: "local" | "icmp" | "icmp6"
  /**
   * Error code: `"ECONNREFUSED"` (no socket is bound to that port), `"EHOSTUNREACH"`, `"ENETUNREACH"`, `"EMSGSIZE"`, `"EACCES"` … Its
   * number is `errno`.
   */
  readonly code: string
  readonly errno: number
  /** Type and code of the ICMP message. Missing if this host made the report. */
  readonly icmp: Maybe<Kind, { readonly type: number; readonly code: number }>
  /** Path MTU in bytes, IP header included, if the datagram was too large. */
  readonly mtu: Maybe<Kind, number>
  /** Sender of the ICMP message: the destination, or a router on the path. An IPv4 address is an `Ipv4Address` on a `dual` socket too. */
  readonly offender: Maybe<Kind, Ipv4Address | Ipv6Address>
  /** Destination of the datagram. Missing if the system does not report all of it. */
  readonly destination: Maybe<Kind, Endpoint<"dual">>
  /**
   * Quoted payload of the datagram, as far as the ICMP message has it. It is empty without a quote, or if `origin` is `"local"`.
   *
   * If `extensions` has objects, the quote of a shorter datagram may end with zeros, because the router fills it to 128 bytes. The kernel
   * does not report the datagram's length. Zeros may therefore remain up to the size of the largest payload that the socket has sent.
   */
  readonly datagram: Uint8Array
  /**
   * Objects that the router added to its ICMP message, in order: an MPLS label stack, its interfaces. Empty if there are none, or none that
   * can be decoded.
   */
  readonly extensions: ReadonlyArray<IcmpExtension.IcmpExtension>
  /** Address and interface where the ICMP message (not a datagram) arrived, if packet information is declared. */
  readonly arrival: Maybe<
    Kind,
    {
      readonly localAddress: Ipv4Address | Ipv6Address
      readonly interfaceIndex: number
    }
  >
  /** Hop limit of the ICMP message (not of the datagram) when it arrived, 0 to 255, if `withHopLimit()` is declared. */
  readonly hopLimit: Maybe<Kind, number>
  /** Traffic class byte of the ICMP message, 0 to 255, if `withTrafficClass()`, `withDscp()` or `withEcn()` is declared. */
  readonly trafficClass: Maybe<Kind, number>
  /**
   * Time when the kernel received the ICMP message, in nanoseconds since 1970-01-01T00:00:00Z, if `withTimestamp()` or `withTimestamping()`
   * is declared. It does not depend on the time of the read.
   */
  readonly timestamp: Maybe<Kind, bigint>
}

/**
 * Report of the path MTU after a datagram was too large to be sent without fragments. Declared by `withPathMtuReports()`.
 *
 * @see RFC 3542 section 11.3
 * @category models
 * @since 0.1.0
 */
export interface PathMtuReport {
  readonly _tag: "PathMtuReport"
  readonly destination: Ipv6Address
  /** Size of the largest packet in bytes, IP header included. */
  readonly mtu: number
}

/**
 * Stamp of a datagram that was sent with `transmitTimestamp`. Declared by `withTransmitTimestamps()`.
 *
 * @see Documentation/networking/timestamping.rst of Linux
 * @category models
 * @since 0.1.0
 */
export interface TransmitTimestamp {
  readonly _tag: "TransmitTimestamp"
  /** The program's number for the datagram, as it was given to `send`. */
  readonly id: number
  /** `sent`: the driver of the interface received the datagram. `scheduled`: the interface's scheduler received it. */
  readonly stage: "scheduled" | "sent"
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly timestamp: bigint
}

/**
 * Event of a message that a program defines (`withControlMessage`) and marks as an event.
 *
 * @category models
 * @since 0.1.0
 */
export interface UserEvent {
  readonly _tag: "UserEvent"
  /** The key of the message. */
  readonly key: string
  /** Result of its definition. A result of `undefined` makes no event. */
  readonly value: unknown
}

/**
 * Any event of a socket.
 *
 * @category models
 * @since 0.1.0
 */
export type SocketEvent<Kind extends MaybeKind = AnyKind> =
  | ErrorReport<Kind>
  | PathMtuReport
  | TransmitTimestamp
  | UserEvent

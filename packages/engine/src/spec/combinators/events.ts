/**
 * Combinators for the messages that are events of the socket (`socket.events`).
 *
 * @since 0.1.0
 */
import { ErrorReports, PathMtuReports, TransmitTimestamp } from "@ancillary/control"
import { declare, type With } from "../Spec.ts"

/**
 * Reports undelivered datagrams, as peers and routers report them by ICMP. Each report has the datagram, the offender and the ICMP message.
 * Linux.
 *
 * **Details**
 *
 * Errors about one peer do not affect other peers. Reads of an unconnected socket skip them. If the kernel fails a send with another peer's
 * error, the send is repeated.
 *
 * The ICMP message has a hop limit, a traffic class and a timestamp, and it arrived at an address and an interface. Each is reported if its
 * combinator is declared too: `withHopLimit()`, `withTrafficClass()`, `withTimestamp()` or `withTimestamping()`, and `withPktInfo()`.
 *
 * @example
 * ```ts
 * import { Datagram, withErrorReports } from "@ancillary/effect3"
 *
 * // socket.events: { _tag: "ErrorReport", code: "ECONNREFUSED", destination: 192.0.2.1:5300, … }
 * const spec = Datagram.ipv4.pipe(withErrorReports())
 * ```
 *
 * @category events
 * @since 0.1.0
 */
export const withErrorReports = (): With<ErrorReports> =>
  declare(ErrorReports, "withErrorReports()", { direction: "receive" })

/**
 * Reports the path MTU to an IPv6 destination when a datagram was too large and was not to be fragmented. Linux and macOS. For IPv4
 * `withErrorReports()` reports it.
 *
 * @category events
 * @since 0.1.0
 */
export const withPathMtuReports = (): With<PathMtuReports> =>
  declare(PathMtuReports, "withPathMtuReports()", { direction: "receive" })

/**
 * Reports the time when a datagram left. A datagram that is sent with `control: { transmitTimestamp: id }` is stamped, and its stamp has
 * that id. Linux.
 *
 * @example
 * ```ts
 * import { Datagram, withTransmitTimestamps } from "@ancillary/effect3"
 *
 * // socket.send({ data, to, control: { transmitTimestamp: 7 } })
 * // socket.events: { _tag: "TransmitTimestamp", id: 7, stage: "sent", timestamp: 1700000000123456789n }
 * const spec = Datagram.ipv4.pipe(withTransmitTimestamps())
 * ```
 *
 * @category events
 * @since 0.1.0
 */
export const withTransmitTimestamps = (): With<TransmitTimestamp> =>
  declare(TransmitTimestamp, "withTransmitTimestamps()")

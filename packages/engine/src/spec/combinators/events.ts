/**
 * A combinator for each message that is an event of the socket: `socket.events`.
 *
 * @since 0.1.0
 */
import { ErrorReports, PathMtuReports, TransmitTimestamp } from "@ancillary/control"
import { declare, type With } from "../Spec.ts"

/**
 * What peers and routers say of datagrams that did not get there, each with the datagram, the offender and the ICMP message.
 * Linux.
 *
 * **Details**
 *
 * Errors about one peer disturb no other: reads of an unconnected socket pass over them, and a send that the kernel fails with somebody else's
 * is made again.
 *
 * The hop limit, the traffic class and the timestamp of the ICMP message, and the address and the interface where it arrived, are reported if
 * `withHopLimit()`, `withTrafficClass()`, `withTimestamp()` or `withTimestamping()`, and `withPktInfo()` are declared too.
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
 * How large a packet to an IPv6 destination may be, told when a datagram was too large and not to be fragmented. Linux and
 * macOS; for IPv4 `withErrorReports()` tells it.
 *
 * @category events
 * @since 0.1.0
 */
export const withPathMtuReports = (): With<PathMtuReports> =>
  declare(PathMtuReports, "withPathMtuReports()", { direction: "receive" })

/**
 * When a datagram left: what is sent with `control: { transmitTimestamp: id }` is stamped, and its stamp has that id. Linux.
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

/**
 * Events of a socket besides datagrams: `socket.events`.
 *
 * @since 0.1.0
 */
import type * as Engine from "@ancillary/engine/events/SocketEvent"
import type { UndefinedKind } from "@ancillary/engine/spec/Maybe"

/**
 * Report of an undelivered datagram, for one of these reasons: its destination refused it, a router had no route or no hops left, or it was
 * too large. Declared by `withErrorReports()`.
 *
 * @see ip(7), ipv6(7)
 * @category models
 * @since 0.1.0
 */
export interface ErrorReport extends Engine.ErrorReport<UndefinedKind> {}

/**
 * An event that the kernel reports of a socket.
 *
 * @category models
 * @since 0.1.0
 */
export type SocketEvent = ErrorReport | Engine.PathMtuReport | Engine.TransmitTimestamp | Engine.UserEvent

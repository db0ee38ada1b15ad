/**
 * A combinator for each control message, and one for a message of one's own.
 *
 * @since 0.1.0
 */
import {
  type ControlMessage,
  DropCount,
  Dscp,
  Ecn,
  HopLimit,
  type Message,
  OriginalArrivalInterface,
  PktInfo,
  Timestamp
} from "@ancillary/control"
import { declare, type Directed, directed, type With } from "../Spec.ts"

/**
 * Where a datagram arrived, and from where one shall leave: address and interface. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPktInfo: Directed<PktInfo> = directed(PktInfo, "withPktInfo")

/**
 * How many routers a datagram may still cross, TTL or hop limit. Every platform; macOS takes none with a single IPv4 datagram.
 *
 * @category messages
 * @since 0.1.0
 */
export const withHopLimit: Directed<HopLimit> = directed(HopLimit, "withHopLimit")

/**
 * Explicit congestion notification, two bits. Sending it leaves the socket's DSCP as it is. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withEcn: Directed<Ecn> = directed(Ecn, "withEcn")

/**
 * Differentiated services codepoint, six bits. Sending it leaves the socket's ECN bits as they are. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withDscp: Directed<Dscp> = directed(Dscp, "withDscp")

/**
 * The interface where a tunnelled packet first came in. Winsock, IPv4.
 *
 * @category messages
 * @since 0.1.0
 */
export const withOriginalArrivalInterface = (): With<OriginalArrivalInterface> =>
  declare(OriginalArrivalInterface, "withOriginalArrivalInterface()", { direction: "receive" })

/**
 * When the kernel took a datagram in, in nanoseconds since the epoch. Linux and macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTimestamp = (): With<Timestamp> => declare(Timestamp, "withTimestamp()", { direction: "receive" })

/**
 * How many datagrams the kernel dropped on this socket because its buffer was full. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withDropCount = (): With<DropCount> => declare(DropCount, "withDropCount()", { direction: "receive" })

/**
 * A message of one's own, made with `define`, on the very same path as the built-in ones.
 *
 * @category messages
 * @since 0.1.0
 */
export const withControlMessage = <M extends ControlMessage.Any>(message: Message<M>): With<M> =>
  declare(message, `withControlMessage(${message.key})`)

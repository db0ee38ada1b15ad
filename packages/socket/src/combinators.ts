/**
 * What a spec is composed of: a combinator for each control message and each option.
 *
 * @since 0.1.0
 */
import {
  type Capability,
  type ControlMessage,
  DropCount,
  Dscp,
  Ecn,
  HopLimit,
  type Internet,
  type Message,
  OriginalArrivalInterface,
  PktInfo,
  RoutingHeader,
  Timestamp
} from "@ancillary/control"
import type { Family } from "@ancillary/control"
import { bindToDevice, receiveBufferSize, reuseAddress, sendBufferSize } from "./SocketOption.ts"
import { type Configure, configure, declare, type Directed, directed, type Truncation, type With } from "./Spec.ts"

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
 * The IPv6 routing headers that a datagram arrived with. A peer decides how many: `maximumBytes` (8 to 2048, by default 256) is the room
 * for all of them together, and what exceeds it makes a fault of that datagram alone.
 *
 * @category messages
 * @since 0.1.0
 */
export const withRoutingHeader = (options?: { readonly maximumBytes?: number | undefined }): With<RoutingHeader> =>
  declare(RoutingHeader, "withRoutingHeader()", { direction: "receive", maximumBytes: options?.maximumBytes ?? 256 })

/**
 * A message of one's own, made with `define`, on the very same path as the built-in ones.
 *
 * @category messages
 * @since 0.1.0
 */
export const withControlMessage = <M extends ControlMessage.Any>(message: Message<M>): With<M> =>
  declare(message, `withControlMessage(${message.key})`)

/**
 * Binds although another socket has the address, or had it a moment ago (`SO_REUSEADDR`).
 *
 * @category options
 * @since 0.1.0
 */
export const withReuseAddress = (): Configure<Internet> =>
  configure({ set: { option: reuseAddress, feature: "withReuseAddress()", value: 1 } })

/**
 * Bytes that the kernel keeps for datagrams nobody has read yet (`SO_RCVBUF`), 1 to 1073741823. Linux caps it silently.
 *
 * @category options
 * @since 0.1.0
 */
export const withReceiveBufferSize = (bytes: number): Configure =>
  configure<Family>({ set: { option: receiveBufferSize, feature: `withReceiveBufferSize(${bytes})`, value: bytes } })

/**
 * Bytes that the kernel keeps for datagrams it has not sent yet (`SO_SNDBUF`), 1 to 1073741823. Linux caps it silently.
 *
 * @category options
 * @since 0.1.0
 */
export const withSendBufferSize = (bytes: number): Configure =>
  configure<Family>({ set: { option: sendBufferSize, feature: `withSendBufferSize(${bytes})`, value: bytes } })

/**
 * Bytes of the largest payload to receive and to send, 1 to 65535 (a Unix socket's may be larger). By default the largest that there is, so
 * nothing is ever truncated; pages that the kernel never writes cost no memory.
 *
 * @category options
 * @since 0.1.0
 */
export const withMaximumDatagramSize = (bytes: number): Configure => configure<Family>({ limit: bytes })

/**
 * What becomes of a datagram that did not fit: `fail` (the default) makes it a fault, `deliver` hands over what there is with every
 * guaranteed message intact, `drop` counts it. Control data that did not fit is always a fault.
 *
 * @category options
 * @since 0.1.0
 */
export const withTruncation = (policy: Truncation): Configure => configure<Family>({ truncation: policy })

/**
 * Receives and sends through one interface only, by its name (`SO_BINDTODEVICE`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withBindToDevice = (name: string): Configure<Internet, Capability<"bindToDevice">> =>
  configure({ set: { option: bindToDevice, feature: `withBindToDevice("${name}")`, value: name } })

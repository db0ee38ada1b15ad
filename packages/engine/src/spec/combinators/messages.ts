/**
 * Combinators for the control messages, and one for a message that a program defines.
 *
 * @since 0.1.0
 */
import {
  Checksum,
  type Coalescing,
  Codec,
  coalescing,
  type ControlMessage,
  CounterTimestamp,
  Unfragmented,
  DropCount,
  Dscp,
  Ecn,
  FlowLabel,
  FragmentSize,
  HopLimit,
  IpOptions,
  isMessage,
  Mark,
  type Message,
  OriginalArrivalInterface,
  OriginalDestination,
  PktInfo,
  Priority,
  Segmentation,
  Timestamp,
  type Timestamping,
  timestamping,
  TrafficClass,
  type TransmitClock,
  type TransmitTime,
  transmitTime
} from "@ancillary/control"
import { nameOf, record, written } from "../formatCall.ts"
import { declare, type Directed, directed, type Coalesced, splitCoalesced, type With } from "../Spec.ts"

/**
 * Destination address and interface of a received datagram; source address and interface of a sent one. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPktInfo: Directed<PktInfo> = directed(PktInfo, "withPktInfo")

/**
 * Number of routers that a datagram may still cross: TTL (IPv4) or hop limit (IPv6). Every platform; macOS cannot send it with a single
 * IPv4 datagram.
 *
 * @category messages
 * @since 0.1.0
 */
export const withHopLimit: Directed<HopLimit> = directed(HopLimit, "withHopLimit")

/**
 * Explicit congestion notification (ECN), two bits. A send does not change the socket's DSCP. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withEcn: Directed<Ecn> = directed(Ecn, "withEcn")

/**
 * Differentiated services codepoint (DSCP), six bits. A send does not change the socket's ECN bits. Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withDscp: Directed<Dscp> = directed(Dscp, "withDscp")

/**
 * The whole traffic class byte (TOS in IPv4), which holds DSCP and ECN. A datagram is sent with the byte or with its parts, not with both.
 * Every platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTrafficClass: Directed<TrafficClass> = directed(TrafficClass, "withTrafficClass")

/**
 * The interface by which a tunnelled packet entered this host. Winsock, IPv4.
 *
 * @category messages
 * @since 0.1.0
 */
export const withOriginalArrivalInterface = (): With<OriginalArrivalInterface> =>
  declare(OriginalArrivalInterface, "withOriginalArrivalInterface()", { direction: "receive" })

/**
 * Destination address and port of a datagram before a transparent proxy redirected it. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withOriginalDestination = (): With<OriginalDestination> =>
  declare(OriginalDestination, "withOriginalDestination()", { direction: "receive" })

/**
 * Time when the kernel received a datagram, in nanoseconds since the epoch. It is always present, but in the first milliseconds of a socket
 * it may be the time of the read. `withTimestamping` is exact and is absent in that case. Linux and macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTimestamp = (): With<Timestamp> => declare(Timestamp, "withTimestamp()", { direction: "receive" })

/**
 * Time of arrival, stamped by the kernel (`software`, the default), by the network card (`hardware`), or by both. It is absent if the
 * datagram was not stamped on arrival: in the first milliseconds of a socket, and if it was queued earlier. `withTimestamp` is always
 * present, but may be late. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTimestamping = (stampers?: {
  readonly software?: boolean | undefined
  readonly hardware?: boolean | undefined
}): With<Timestamping> => {
  const { hardware = false, software = true } = stampers ?? {}
  return declare(timestamping({ hardware, software }), written("withTimestamping", stampers), {
    direction: "receive",
    invalid: hardware || software ? undefined : "no kind of timestamp is requested: declare software, hardware or both"
  })
}

/**
 * Time of arrival in ticks of the performance counter, or of the network card's counter. It is not a time of day, but differences are
 * exact. Windows of 2021 and later.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCounterTimestamp = (): With<CounterTimestamp> =>
  declare(CounterTimestamp, "withCounterTimestamp()", { direction: "receive" })

/**
 * Number of datagrams that the kernel dropped on this socket because its receive buffer was full. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withDropCount = (): With<DropCount> => declare(DropCount, "withDropCount()", { direction: "receive" })

/**
 * GSO (`UDP_SEGMENT`), USO on Windows (`UDP_SEND_MSG_SIZE`): sends one payload as several datagrams of `segmentSize` bytes. The kernel or
 * the network card splits it. Linux, Windows 10 2004.
 *
 * @category messages
 * @since 0.1.0
 */
export const withSegmentation = (): With<Segmentation> =>
  declare(Segmentation, "withSegmentation()", { direction: "send" })

/**
 * GRO (`UDP_GRO`), URO on Windows (`UDP_RECV_MAX_COALESCED_SIZE`): the kernel merges datagrams of one size from one sender, and this
 * library splits them again. Many small datagrams then cost as much as a few large ones. `maximumBytes` (1 to 65527) limits the merged size
 * on Windows; Linux has no such limit to set. Linux 5.0, Windows 10 2004.
 *
 * **Details**
 *
 * The socket returns the datagrams as they were sent, one by one, and also those that the kernel did not merge. All merged datagrams have
 * the control messages of the first, because the kernel keeps only those. They are views of one copy. `withMaximumDatagramSize` and
 * `withScatter` apply to each datagram. `receive` may read several with one call, and keeps the rest for the next read.
 *
 * **Gotchas**
 *
 * Some Windows machines have been seen to deliver a merged payload without the size of its datagrams. If such a payload is larger than
 * `withMaximumDatagramSize`, it is a fault, and merging is turned off.
 *
 * Build 20348 (Server 2022) breaks merging if the hop limit or the class byte (DSCP, ECN) is received. Binding then fails with
 * `DatagramUnsupportedError`; `withOptional(withCoalescing())` continues without merging.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCoalescing = (options?: { readonly maximumBytes?: number | undefined }): With<Coalesced> =>
  splitCoalesced(declareCoalescing("withCoalescing", options))

/**
 * GRO (`UDP_GRO`), URO on Windows (`UDP_RECV_MAX_COALESCED_SIZE`), without a split: the kernel merges datagrams of one size from one
 * sender. `data` is the merged payload, and `coalescedSize` is the size of each datagram in it. `withCoalescing` also splits the payload.
 * Linux, Windows 10 2004.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCoalescedSize = (options?: { readonly maximumBytes?: number | undefined }): With<Coalescing> =>
  declareCoalescing("withCoalescedSize", options)

const declareCoalescing = (
  name: string,
  options: { readonly maximumBytes?: number | undefined } = {}
): With<Coalescing> => {
  const { maximumBytes = 65_527 } = record(name, options)
  const valid = Codec.isInteger(maximumBytes, 1, 65_527)
  return declare(coalescing({ maximumBytes: valid ? maximumBytes : 65_527 }), written(name, options), {
    direction: "receive",
    invalid: valid ? undefined : `${Codec.format(maximumBytes)} is not a size in bytes: an integer from 1 to 65527`
  })
}

/**
 * Size of the largest fragment of a reassembled datagram. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withFragmentSize = (): With<FragmentSize> =>
  declare(FragmentSize, "withFragmentSize()", { direction: "receive" })

/**
 * Checksum of the payload, computed by the kernel or the network card. Linux, IPv4.
 *
 * @category messages
 * @since 0.1.0
 */
export const withChecksum = (): With<Checksum> => declare(Checksum, "withChecksum()", { direction: "receive" })

/**
 * Flow label of the IPv6 header. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withFlowLabel: Directed<FlowLabel> = directed(FlowLabel, "withFlowLabel")

/**
 * Mark of a packet inside this host, for routing and filter rules. A send requires a privilege. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withMark: Directed<Mark> = directed(Mark, "withMark")

/**
 * Priority of a packet in the queues of this host. A value above 6 requires a privilege. Linux 6.14.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPriority: Directed<Priority> = directed(Priority, "withPriority")

/**
 * Forbids or allows fragmentation of one IPv6 datagram; `withDontFragment` sets it for all datagrams. Every platform. On Winsock and macOS
 * the proof is only the headers and RFC 3542.
 *
 * @category messages
 * @since 0.1.0
 */
export const withUnfragmented = (): With<Unfragmented> =>
  declare(Unfragmented, "withUnfragmented()", { direction: "send" })

/**
 * Time to send a datagram, in nanoseconds of a clock: `monotonic` by default, the other clocks require a privilege. The datagram waits if
 * the interface has a scheduler that supports it (`fq`, `etf`). Otherwise it leaves immediately. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTransmitTime = (options?: { readonly clock?: TransmitClock | undefined }): With<TransmitTime> => {
  const { clock = "monotonic" } = options ?? {}
  const invalid = ["monotonic", "tai", "realtime"].includes(clock)
    ? undefined
    : `${Codec.format(clock)} is not a clock: "monotonic", "tai" or "realtime"`
  const message = transmitTime({ clock: invalid === undefined ? clock : "monotonic" })
  return declare(message, written("withTransmitTime", options), { direction: "send", invalid })
}

/**
 * Options of the IPv4 header, as bytes. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withIpOptions: Directed<IpOptions> = directed(IpOptions, "withIpOptions")

/**
 * Declares a message that `define` made. Built-in messages take the same path.
 *
 * @category messages
 * @since 0.1.0
 */
export const withControlMessage = <M extends ControlMessage.Any>(message: Message<M>): With<M> =>
  declare(checked(message), `withControlMessage(${nameOf(message.key)})`)

/** Throws if the value is not a message, because a spec has no error channel. */
const checked = <M extends ControlMessage.Any>(message: Message<M>): Message<M> => {
  if (isMessage(message)) return message
  throw new TypeError(`withControlMessage: ${Codec.format(message)} is not a message. Give one that define has made.`)
}

/**
 * A combinator for each control message, and one for a message of one's own.
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
 * The traffic class byte as a whole (IPv4 says TOS): DSCP and ECN at once. A datagram is sent with it or with its parts, not with both. Every
 * platform.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTrafficClass: Directed<TrafficClass> = directed(TrafficClass, "withTrafficClass")

/**
 * The interface where a tunnelled packet first came in. Winsock, IPv4.
 *
 * @category messages
 * @since 0.1.0
 */
export const withOriginalArrivalInterface = (): With<OriginalArrivalInterface> =>
  declare(OriginalArrivalInterface, "withOriginalArrivalInterface()", { direction: "receive" })

/**
 * To whom a datagram was sent, address and port, before a transparent proxy took it. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withOriginalDestination = (): With<OriginalDestination> =>
  declare(OriginalDestination, "withOriginalDestination()", { direction: "receive" })

/**
 * When the kernel took a datagram in, in nanoseconds since the epoch: always there, but in the first milliseconds of a socket it may be the
 * time of reading. `withTimestamping` is exact, and silent then. Linux and macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const withTimestamp = (): With<Timestamp> => declare(Timestamp, "withTimestamp()", { direction: "receive" })

/**
 * When a datagram arrived, stamped by the kernel (`software`, the default), by the network card (`hardware`), or by both. What was not stamped
 * on arrival comes without: the first milliseconds of a socket, and what was queued before. `withTimestamp` is always there, but may be late.
 * Linux.
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
    invalid: hardware || software ? undefined : "nobody is to stamp: declare software, hardware or both"
  })
}

/**
 * When a datagram arrived, in ticks of the performance counter (or of the network card's): no time of day, but good for differences. Windows
 * of 2021 and later.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCounterTimestamp = (): With<CounterTimestamp> =>
  declare(CounterTimestamp, "withCounterTimestamp()", { direction: "receive" })

/**
 * How many datagrams the kernel dropped on this socket because its buffer was full. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withDropCount = (): With<DropCount> => declare(DropCount, "withDropCount()", { direction: "receive" })

/**
 * One payload that leaves as several datagrams of `segmentSize` bytes, cut by the kernel or the network card. Linux, Windows 10 2004.
 *
 * @category messages
 * @since 0.1.0
 */
export const withSegmentation = (): With<Segmentation> =>
  declare(Segmentation, "withSegmentation()", { direction: "send" })

/**
 * Lets the kernel merge datagrams of one size from one sender, and takes them apart again: a bulk of small datagrams costs what a few large ones do.
 * `maximumBytes` (1 to 65527) bounds what Windows merges; Linux has no such limit to set. Linux 5.0, Windows 10 2004.
 *
 * **Details**
 *
 * What is received are the datagrams that were sent, one by one, those that the kernel did not merge among them. All that were merged have the control
 * messages of the first, which is what the kernel keeps, and are views of one copy. `withMaximumDatagramSize` and `withScatter` speak of each
 * datagram. `receive` may take several with one call, and keeps the rest for the next read.
 *
 * **Gotchas**
 *
 * Some Windows machines were seen to deliver a merged payload without the size of what is in it. What is larger than `withMaximumDatagramSize` and has no
 * size is a fault there, and merging is switched off. Build 20348 (Server 2022) breaks merging where the hop limit or the class byte (DSCP, ECN) is
 * received: binding fails with `DatagramUnsupportedError`, and `withOptional(withCoalescing())` goes without merging.
 *
 * @category messages
 * @since 0.1.0
 */
export const withCoalescing = (options?: { readonly maximumBytes?: number | undefined }): With<Coalesced> =>
  splitCoalesced(declareCoalescing("withCoalescing", options))

/**
 * Lets the kernel merge datagrams of one size from one sender, as `withCoalescing` does, and takes nothing apart: `data` is the merged payload as it
 * came, and `coalescedSize` says where to split it. Linux, Windows 10 2004.
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
 * The size of the largest fragment that a datagram was put together from. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withFragmentSize = (): With<FragmentSize> =>
  declare(FragmentSize, "withFragmentSize()", { direction: "receive" })

/**
 * The sum that the kernel or the network card made of a payload. Linux, IPv4.
 *
 * @category messages
 * @since 0.1.0
 */
export const withChecksum = (): With<Checksum> => declare(Checksum, "withChecksum()", { direction: "receive" })

/**
 * The flow label of the IPv6 header. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withFlowLabel: Directed<FlowLabel> = directed(FlowLabel, "withFlowLabel")

/**
 * The mark of a packet inside this host, by which rules route and filter. Sending one wants a privilege. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withMark: Directed<Mark> = directed(Mark, "withMark")

/**
 * The priority by which a packet is queued inside this host; above 6 it wants a privilege. Linux 6.14.
 *
 * @category messages
 * @since 0.1.0
 */
export const withPriority: Directed<Priority> = directed(Priority, "withPriority")

/**
 * Whether an IPv6 datagram has to leave whole, said for each; `withDontFragment` says it of all. Every platform, on Winsock and macOS by
 * headers and RFC 3542 alone.
 *
 * @category messages
 * @since 0.1.0
 */
export const withUnfragmented = (): With<Unfragmented> =>
  declare(Unfragmented, "withUnfragmented()", { direction: "send" })

/**
 * When a datagram shall leave, in nanoseconds of a clock (`monotonic` by default; the others want a privilege). It waits where the interface's
 * scheduler does (`fq`, `etf`), and leaves at once elsewhere. Linux.
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
 * The options of the IPv4 header, as bytes. Linux.
 *
 * @category messages
 * @since 0.1.0
 */
export const withIpOptions: Directed<IpOptions> = directed(IpOptions, "withIpOptions")

/**
 * A message of one's own, made with `define`, on the very same path as the built-in ones.
 *
 * @category messages
 * @since 0.1.0
 */
export const withControlMessage = <M extends ControlMessage.Any>(message: Message<M>): With<M> =>
  declare(checked(message), `withControlMessage(${nameOf(message.key)})`)

/** Throws, for a spec is declared without an error channel, if it is none. */
const checked = <M extends ControlMessage.Any>(message: Message<M>): Message<M> => {
  if (isMessage(message)) return message
  throw new TypeError(`withControlMessage: ${Codec.format(message)} is not a message. Give one that define has made.`)
}

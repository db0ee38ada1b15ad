/**
 * A combinator for each option of a socket. What each does, and to what on which platform, is told where it is defined (`SocketOption`).
 *
 * @since 0.1.0
 */
import { type Capability, Codec, type Family, type Internet } from "@ancillary/control"
import { call, nameOf, record } from "../formatCall.ts"
import { type SocketOption as Option, optionValue } from "../option/definition.ts"
import * as SocketOption from "../SocketOption.ts"
import { type Backpressure, type Configure, configure, type Truncation } from "../Spec.ts"

const set = <A, Families extends Family, Needs>(
  option: Option<A, Families, Needs>,
  value: A,
  feature: string
): Configure<Families, Needs> => configure({ set: optionValue(option, value, feature) })

/**
 * An option of one's own, made with `SocketOption.define`, on the very same path as the built-in ones.
 *
 * @example
 * ```ts
 * import { Datagram, SocketOption, withSocketOption } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv4.pipe(withSocketOption(SocketOption.defaultHopLimit, 9))
 * ```
 *
 * @category options
 * @since 0.1.0
 */
export const withSocketOption = <A, Families extends Family, Needs>(
  option: Option<A, Families, Needs>,
  value: NoInfer<A>
): Configure<Families, Needs> =>
  set(option, value, `withSocketOption(${nameOf(record("withSocketOption", option).name)}, ${Codec.format(value)})`)

/**
 * Binds although another socket has the address, or had it a moment ago (`SO_REUSEADDR`).
 *
 * @category options
 * @since 0.1.0
 */
export const withReuseAddress = (): Configure<Internet> => set(SocketOption.reuseAddress, true, "withReuseAddress()")

/**
 * Several sockets of one user share an address, and Linux spreads the peers over them (`SO_REUSEPORT`). Linux and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withReusePort = (): Configure<Internet, Capability<"reusePort">> =>
  set(SocketOption.reusePort, true, "withReusePort()")

/**
 * Nobody else may have the address, whatever they ask for (`SO_EXCLUSIVEADDRUSE`). Winsock: elsewhere that is so without asking.
 *
 * @category options
 * @since 0.1.0
 */
export const withExclusiveUse = (): Configure<Internet, Capability<"exclusiveUse">> =>
  set(SocketOption.exclusiveUse, true, "withExclusiveUse()")

/**
 * Bytes that the kernel keeps for datagrams nobody has read yet (`SO_RCVBUF`), 1 to 1073741823. Linux caps it silently: `getOption` says what was
 * granted.
 *
 * @category options
 * @since 0.1.0
 */
export const withReceiveBufferSize = (bytes: number): Configure =>
  set(SocketOption.receiveBufferSize, bytes, call("withReceiveBufferSize", bytes))

/**
 * Bytes that the kernel keeps for datagrams it has not sent yet (`SO_SNDBUF`), 1 to 1073741823. Linux caps it silently: `getOption` says what was
 * granted.
 *
 * @category options
 * @since 0.1.0
 */
export const withSendBufferSize = (bytes: number): Configure =>
  set(SocketOption.sendBufferSize, bytes, call("withSendBufferSize", bytes))

/**
 * Datagrams may go to broadcast addresses (`SO_BROADCAST`). Every platform; IPv6 has no such addresses.
 *
 * @category options
 * @since 0.1.0
 */
export const withBroadcast = (): Configure<"ipv4" | "dual"> => set(SocketOption.broadcast, true, "withBroadcast()")

/**
 * Receives and sends through one interface only, by its name (`SO_BINDTODEVICE`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withBindToDevice = (name: string): Configure<Internet, Capability<"bindToDevice">> =>
  set(SocketOption.bindToDevice, name, call("withBindToDevice", name))

/**
 * The interface that unicast datagrams leave by, by its index (`IP_UNICAST_IF`). Linux and Winsock.
 *
 * @category options
 * @since 0.1.0
 */
export const withUnicastInterface = (index: number): Configure<Internet, Capability<"unicastInterface">> =>
  set(SocketOption.unicastInterface, index, call("withUnicastInterface", index))

/**
 * Binds to an address that this host does not have, or not yet (`IP_FREEBIND`). Linux, without a privilege.
 *
 * @category options
 * @since 0.1.0
 */
export const withFreebind = (): Configure<Internet, Capability<"freebind">> =>
  set(SocketOption.freebind, true, "withFreebind()")

/**
 * Takes what a firewall rule diverts here, and sends from addresses that are not this host's (`IP_TRANSPARENT`). Linux, with the privilege
 * CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withTransparent = (): Configure<Internet, Capability<"transparent">> =>
  set(SocketOption.transparent, true, "withTransparent()")

/**
 * The interface that datagrams to groups leave by, by its index (`IP_MULTICAST_IF`). Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastInterface = (index: number): Configure<Internet> =>
  set(SocketOption.multicastInterface, index, call("withMulticastInterface", index))

/**
 * Hops granted to datagrams that go to groups (`IP_MULTICAST_TTL`), 0 to 255: 0 keeps them on this host, 1 (the default) on the link. Every
 * platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastHopLimit = (hops: number): Configure<Internet> =>
  set(SocketOption.multicastHopLimit, hops, call("withMulticastHopLimit", hops))

/**
 * Whether this host hears what it sends to groups that it has joined (`IP_MULTICAST_LOOP`). Linux and macOS heed it where the datagram is sent,
 * Windows where it is received.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastLoopback = (heard: boolean): Configure<Internet> =>
  set(SocketOption.multicastLoopback, heard, call("withMulticastLoopback", heard))

/**
 * Whether groups are heard that other sockets of this host have joined (`IP_MULTICAST_ALL`). Linux, where they are unless this says `false`.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastAll = (heard: boolean): Configure<Internet, Capability<"multicastAll">> =>
  set(SocketOption.multicastAll, heard, call("withMulticastAll", heard))

/**
 * Hops granted to unicast datagrams that do not say theirs (`IP_TTL`, `IPV6_UNICAST_HOPS`), 1 to 255. Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultHopLimit = (hops: number): Configure<Internet> =>
  set(SocketOption.defaultHopLimit, hops, call("withDefaultHopLimit", hops))

/**
 * The traffic class of datagrams that do not say theirs (`IP_TOS`, `IPV6_TCLASS`), 0 to 255: the DSCP times 4, and the ECN bits. Linux and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultTrafficClass = (byte: number): Configure<Internet, Capability<"defaultTrafficClass">> =>
  set(SocketOption.defaultTrafficClass, byte, call("withDefaultTrafficClass", byte))

/**
 * How path MTUs are discovered (`IP_MTU_DISCOVER`). Linux; Winsock, without the modes `"interface"` and `"omit"`.
 *
 * @category options
 * @since 0.1.0
 */
export const withPathMtuDiscovery = (
  mode: SocketOption.PathMtuMode
): Configure<Internet, Capability<"pathMtuDiscovery">> =>
  set(SocketOption.pathMtuDiscovery, mode, call("withPathMtuDiscovery", mode))

/**
 * Datagrams that are larger than the path takes are refused and not fragmented (`IP_DONTFRAGMENT`, `IPV6_DONTFRAG`). Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withDontFragment = (): Configure<Internet> => set(SocketOption.dontFragment, true, "withDontFragment()")

/**
 * Whether the kernel makes up a flow label for IPv6 datagrams that have none (`IPV6_AUTOFLOWLABEL`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withAutoFlowLabel = (on: boolean): Configure<"ipv6" | "dual", Capability<"autoFlowLabel">> =>
  set(SocketOption.autoFlowLabel, on, call("withAutoFlowLabel", on))

/**
 * The place of datagrams in the queues of a device (`SO_PRIORITY`), 0 to 4294967295. Linux; above 6 with the privilege CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultPriority = (priority: number): Configure<Family, Capability<"defaultPriority">> =>
  set(SocketOption.defaultPriority, priority, call("withDefaultPriority", priority))

/**
 * The mark that firewall rules and routes look at (`SO_MARK`), 0 to 4294967295. Linux, with the privilege CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultMark = (mark: number): Configure<Internet, Capability<"defaultMark">> =>
  set(SocketOption.defaultMark, mark, call("withDefaultMark", mark))

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
 * What becomes of a datagram that there is no room for, in the socket's send buffer or at the receiver of a Unix socket: `wait` (the default) sends it
 * once there is, `fail` makes it a `DatagramSendError` of reason `WouldBlock`, `drop` counts it as `sendDropped`.
 *
 * @example
 * ```ts
 * import { Datagram, withBackpressure } from "@ancillary/effect3"
 *
 * // Telemetry: a number that is late is of no use.
 * const spec = Datagram.ipv4.pipe(withBackpressure("drop"))
 * ```
 *
 * @category options
 * @since 0.1.0
 */
export const withBackpressure = (policy: Backpressure): Configure => configure<Family>({ backpressure: policy })

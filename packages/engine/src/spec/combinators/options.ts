/**
 * Combinators for the options of a socket. `SocketOption` describes the effect of each option on each platform.
 *
 * @since 0.1.0
 */
import { type Capability, Codec, type Family, type Internet, type Steering } from "@ancillary/control"
import { call, nameOf, record, written } from "../formatCall.ts"
import { type SocketOption as Option, optionValue } from "../option/definition.ts"
import * as SocketOption from "../SocketOption.ts"
import { type Backpressure, type Configure, configure, type Truncation } from "../Spec.ts"

const set = <A, Families extends Family, Needs>(
  option: Option<A, Families, Needs>,
  value: A,
  feature: string
): Configure<Families, Needs> => configure({ set: optionValue(option, value, feature) })

/**
 * Sets an option that `SocketOption.define` made. Built-in options take the same path.
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
 * Binds even if another socket has the address, or had it a moment ago (`SO_REUSEADDR`).
 *
 * @category options
 * @since 0.1.0
 */
export const withReuseAddress = (): Configure<Internet> => set(SocketOption.reuseAddress, true, "withReuseAddress()")

/**
 * Lets several sockets of one user share an address (`SO_REUSEPORT`). Linux spreads the peers over them. Linux and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withReusePort = (): Configure<Internet, Capability<"reusePort">> =>
  set(SocketOption.reusePort, true, "withReusePort()")

/**
 * Shares an address with other sockets, and steers each datagram to one of them by a key (`SO_ATTACH_REUSEPORT_CBPF`). Every socket of the
 * port declares it. Linux.
 *
 * **Details**
 *
 * The index of the socket is the key modulo `sockets`, and sockets have the order in which they were bound. `Steering.indexOf` computes it.
 * A datagram that is too short for its key goes to a socket by its addresses and ports, as with `withReusePort()`. So does a datagram for an
 * index that no socket has.
 *
 * **Gotchas**
 *
 * - If a socket of the port is closed, the last one gets its index.
 * - Until the last socket is bound, the datagrams of its keys go to the others.
 * - With `withCoalescing`, the first datagram of a merged payload decides for all of them.
 *
 * @example
 * ```ts
 * import { Datagram, withSteering } from "@ancillary/effect3"
 *
 * // The first byte of a QUIC connection ID, modulo 4, is the index of the worker.
 * const spec = Datagram.ipv4.pipe(withSteering({ sockets: 4, key: "connectionId", offset: 0, length: 1 }))
 * ```
 *
 * @category options
 * @since 0.1.0
 */
export const withSteering = (
  steering: Steering.Steering
): Configure<Internet, Capability<"reusePort"> | Capability<"steering">> => {
  const feature = written("withSteering", record("withSteering", steering))
  return configure(
    { set: optionValue(SocketOption.reusePort, true, feature) },
    { set: optionValue(SocketOption.steering, steering, feature) }
  )
}

/**
 * Reserves the address for this socket, whatever options other sockets set (`SO_EXCLUSIVEADDRUSE`). Winsock only, because an address is
 * exclusive by default on other platforms.
 *
 * @category options
 * @since 0.1.0
 */
export const withExclusiveUse = (): Configure<Internet, Capability<"exclusiveUse">> =>
  set(SocketOption.exclusiveUse, true, "withExclusiveUse()")

/**
 * Bytes that the kernel keeps for datagrams that are not read yet (`SO_RCVBUF`), 1 to 1073741823. Linux caps the value silently;
 * `getOption` returns the granted size.
 *
 * @category options
 * @since 0.1.0
 */
export const withReceiveBufferSize = (bytes: number): Configure =>
  set(SocketOption.receiveBufferSize, bytes, call("withReceiveBufferSize", bytes))

/**
 * Bytes that the kernel keeps for datagrams that are not sent yet (`SO_SNDBUF`), 1 to 1073741823. Linux caps the value silently;
 * `getOption` returns the granted size.
 *
 * @category options
 * @since 0.1.0
 */
export const withSendBufferSize = (bytes: number): Configure =>
  set(SocketOption.sendBufferSize, bytes, call("withSendBufferSize", bytes))

/**
 * Allows datagrams to broadcast addresses (`SO_BROADCAST`). Every platform. IPv6 has no broadcast addresses.
 *
 * @category options
 * @since 0.1.0
 */
export const withBroadcast = (): Configure<"ipv4" | "dual"> => set(SocketOption.broadcast, true, "withBroadcast()")

/**
 * Restricts the socket to one interface, by its name, in both directions (`SO_BINDTODEVICE`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withBindToDevice = (name: string): Configure<Internet, Capability<"bindToDevice">> =>
  set(SocketOption.bindToDevice, name, call("withBindToDevice", name))

/**
 * Outgoing interface of unicast datagrams, by its index (`IP_UNICAST_IF`). Linux and Winsock.
 *
 * @category options
 * @since 0.1.0
 */
export const withUnicastInterface = (index: number): Configure<Internet, Capability<"unicastInterface">> =>
  set(SocketOption.unicastInterface, index, call("withUnicastInterface", index))

/**
 * Allows a bind to an address that this host does not have, or not yet (`IP_FREEBIND`). Linux, without a privilege.
 *
 * @category options
 * @since 0.1.0
 */
export const withFreebind = (): Configure<Internet, Capability<"freebind">> =>
  set(SocketOption.freebind, true, "withFreebind()")

/**
 * Receives datagrams that a firewall rule diverts here, and sends from addresses that this host does not have (`IP_TRANSPARENT`). Linux;
 * requires CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withTransparent = (): Configure<Internet, Capability<"transparent">> =>
  set(SocketOption.transparent, true, "withTransparent()")

/**
 * Outgoing interface of multicast datagrams, by its index (`IP_MULTICAST_IF`). Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastInterface = (index: number): Configure<Internet> =>
  set(SocketOption.multicastInterface, index, call("withMulticastInterface", index))

/**
 * Hop limit of multicast datagrams (`IP_MULTICAST_TTL`), 0 to 255. With 0 they stay on this host, with 1 (the default) on the link. Every
 * platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastHopLimit = (hops: number): Configure<Internet> =>
  set(SocketOption.multicastHopLimit, hops, call("withMulticastHopLimit", hops))

/**
 * Delivers multicast datagrams that this host sends to its own members of the group (`IP_MULTICAST_LOOP`). Linux and macOS use the sender's
 * option, Windows the receiver's.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastLoopback = (heard: boolean): Configure<Internet> =>
  set(SocketOption.multicastLoopback, heard, call("withMulticastLoopback", heard))

/**
 * Receives datagrams of groups that other sockets of this host have joined (`IP_MULTICAST_ALL`). Linux, where the default is `true`.
 *
 * @category options
 * @since 0.1.0
 */
export const withMulticastAll = (heard: boolean): Configure<Internet, Capability<"multicastAll">> =>
  set(SocketOption.multicastAll, heard, call("withMulticastAll", heard))

/**
 * Default hop limit of unicast datagrams (`IP_TTL`, `IPV6_UNICAST_HOPS`), 1 to 255. Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultHopLimit = (hops: number): Configure<Internet> =>
  set(SocketOption.defaultHopLimit, hops, call("withDefaultHopLimit", hops))

/**
 * Default traffic class of datagrams (`IP_TOS`, `IPV6_TCLASS`), 0 to 255: the DSCP times 4, plus the ECN bits. Linux and macOS.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultTrafficClass = (byte: number): Configure<Internet, Capability<"defaultTrafficClass">> =>
  set(SocketOption.defaultTrafficClass, byte, call("withDefaultTrafficClass", byte))

/**
 * Mode of path MTU discovery (`IP_MTU_DISCOVER`). Linux; Winsock, without the modes `"interface"` and `"omit"`.
 *
 * @category options
 * @since 0.1.0
 */
export const withPathMtuDiscovery = (
  mode: SocketOption.PathMtuMode
): Configure<Internet, Capability<"pathMtuDiscovery">> =>
  set(SocketOption.pathMtuDiscovery, mode, call("withPathMtuDiscovery", mode))

/**
 * Refuses datagrams that are larger than the path MTU instead of fragmenting them (`IP_DONTFRAGMENT`, `IPV6_DONTFRAG`). Every platform.
 *
 * @category options
 * @since 0.1.0
 */
export const withDontFragment = (): Configure<Internet> => set(SocketOption.dontFragment, true, "withDontFragment()")

/**
 * Lets the kernel generate a flow label for IPv6 datagrams that have none (`IPV6_AUTOFLOWLABEL`). Linux.
 *
 * @category options
 * @since 0.1.0
 */
export const withAutoFlowLabel = (on: boolean): Configure<"ipv6" | "dual", Capability<"autoFlowLabel">> =>
  set(SocketOption.autoFlowLabel, on, call("withAutoFlowLabel", on))

/**
 * Default priority of datagrams in the queues of a device (`SO_PRIORITY`), 0 to 4294967295. Linux; a value above 6 requires CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultPriority = (priority: number): Configure<Family, Capability<"defaultPriority">> =>
  set(SocketOption.defaultPriority, priority, call("withDefaultPriority", priority))

/**
 * Default mark of datagrams, for firewall rules and routes (`SO_MARK`), 0 to 4294967295. Linux; requires CAP_NET_ADMIN.
 *
 * @category options
 * @since 0.1.0
 */
export const withDefaultMark = (mark: number): Configure<Internet, Capability<"defaultMark">> =>
  set(SocketOption.defaultMark, mark, call("withDefaultMark", mark))

/**
 * Size of the largest payload to receive and to send in bytes, 1 to 65535; a Unix socket allows more. The default is the largest size that
 * exists, so no datagram is truncated. Pages that the kernel never writes use no memory.
 *
 * @category options
 * @since 0.1.0
 */
export const withMaximumDatagramSize = (bytes: number): Configure => configure<Family>({ limit: bytes })

/**
 * Policy for a datagram that is larger than its slot. `fail` (the default) makes it a fault. `deliver` returns the truncated payload with
 * every guaranteed message intact. `drop` counts it. Truncated control data is always a fault.
 *
 * @category options
 * @since 0.1.0
 */
export const withTruncation = (policy: Truncation): Configure => configure<Family>({ truncation: policy })

/**
 * Policy for a full send buffer of this socket, or a full queue at the receiver of a Unix socket. `wait` (the default) sends the datagram
 * when there is room. `fail` makes it a `DatagramSendError` of reason `WouldBlock`. `drop` counts it as `sendDropped`.
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

import { isInteger, isMalformed, format } from "../Codec.ts"
import { type ReceiveFormat, type ControlMessage, define, type SendFormat, type Row } from "../ControlMessage.ts"
import { type Address, type AddressOf, type Family, type Internet, parseAddress } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import { Ipv4Address } from "../Ipv4Address.ts"
import { Ipv6Address } from "../Ipv6Address.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"
import { readIpv6, writeIpv6 } from "../SocketAddress.ts"

/**
 * Prevents, in the types only, the use of received packet information as a source. The two types share a member, so the
 * compiler would otherwise allow it.
 */
declare const Arrived: unique symbol

/**
 * Arrival of a datagram, as the kernel reports it.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketInfo<F extends Family> {
  readonly [Arrived]?: "received packet information"
  /** The destination address in the IP header: ours, a group's, or a broadcast address. */
  readonly destination: Address<F>
  /**
   * The address of this host from which the kernel would reply (`ipi_spec_dst`). Linux and macOS, IPv4 only. Absent if
   * the datagram was queued before the option was set (only on an adopted socket). Also absent on the ping sockets of
   * Linux.
   */
  readonly local: Address<F> | undefined
  /** Index of the interface on which the datagram arrived, from 1; 0 if the kernel does not know it. */
  readonly interfaceIndex: number
}

/**
 * Source address and interface of a datagram to send. A received value has another type: `Datagram.reply` converts it.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketSource<F extends Family> {
  readonly [Arrived]?: "received packet information is not a source: use Datagram.reply"
  /**
   * An address of this host. Absent: the address that the socket is bound to, or the kernel's choice if it is bound to
   * all addresses.
   */
  readonly source?: string | Address<F> | undefined
  /** Index of the interface. Absent: the route decides. */
  readonly interfaceIndex?: number | undefined
}

/**
 * Fields of a received datagram if `PktInfo` is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPktInfo<F extends Family> {
  /** The arrival of the datagram: destination address and interface. */
  readonly pktInfo: PacketInfo<F>
}

/**
 * Fields that can be sent with a datagram if `PktInfo` is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendablePktInfo<F extends Family> {
  /** Address and interface to send from. Absent: the kernel's routes decide. */
  readonly pktInfo?: PacketSource<F> | undefined
}

/**
 * Packet information: address and interface on which a datagram arrived, or from which one is sent.
 *
 * @see RFC 3542 section 6.1 and 6.2; ip(7), IP_PKTINFO; ws2ipdef.h, IP_PKTINFO and IPV6_PKTINFO
 * @category messages
 * @since 0.1.0
 */
export interface PktInfo extends ControlMessage<"pktInfo", Internet> {
  readonly received: ReceivedPktInfo<this["family"]["is"]>
  readonly sendable: SendablePktInfo<this["family"]["is"]>
}

// Most datagrams have the packet information of the previous one. The object is immutable, so it is returned again.
let last4: PacketInfo<"ipv4"> = { destination: Ipv4Address.unspecified, local: undefined, interfaceIndex: 0 }
let last6: PacketInfo<"ipv6"> = { destination: Ipv6Address.unspecified, local: undefined, interfaceIndex: 0 }

/**
 * `in_pktinfo` of Linux and macOS: the interface, then `ipi_spec_dst` (our address), then `ipi_addr` (the destination
 * in the IP header).
 */
const posix4: Codec4 = {
  size: 12,
  read: (view, at) => {
    const interfaceIndex = view.getUint32(at, true)
    const local = view.getUint32(at + 4)
    const destination = view.getUint32(at + 8)
    if (
      last4.destination.value !== destination ||
      (last4.local?.value ?? 0) !== local ||
      last4.interfaceIndex !== interfaceIndex
    ) {
      last4 = {
        destination: new Ipv4Address(destination),
        // Linux: 0.0.0.0 if the datagram was queued before the option was set, and always on ping sockets.
        local: local === 0 ? undefined : new Ipv4Address(local),
        interfaceIndex
      }
    }
    return last4
  },
  write: (view, at, source) => {
    view.setUint32(at, source.interfaceIndex ?? 0, true)
    // Linux: ipi_spec_dst is the source to use; ipi_addr is not read on sending.
    view.setUint32(at + 4, sourceOf("ipv4", source)?.value ?? 0)
    view.setUint32(at + 8, 0)
    return 12
  },
  validate: (source) => validate("ipv4", source)
}

/** `IN_PKTINFO` of Winsock: the address, then the interface, without a third member. */
const winsock4: Codec4 = {
  size: 8,
  read: (view, at) => ({
    destination: new Ipv4Address(view.getUint32(at)),
    local: undefined,
    interfaceIndex: view.getUint32(at + 4, true)
  }),
  write: (view, at, source) => {
    view.setUint32(at, sourceOf("ipv4", source)?.value ?? 0)
    view.setUint32(at + 4, source.interfaceIndex ?? 0, true)
    return 8
  },
  validate: (source) => validate("ipv4", source)
}

/** `in6_pktinfo`, equal on all platforms (RFC 3542 section 6.1). */
const info6: Codec6 = {
  size: 20,
  read: (view, at) => {
    const interfaceIndex = view.getUint32(at + 16, true)
    const { destination: known } = last6
    if (
      last6.interfaceIndex !== interfaceIndex ||
      known.a !== view.getUint32(at) ||
      known.b !== view.getUint32(at + 4) ||
      known.c !== view.getUint32(at + 8) ||
      known.d !== view.getUint32(at + 12)
    ) {
      const destination = readIpv6(view, at)
      last6 = {
        destination: destination.isLinkLocal ? destination.withZone(interfaceIndex) : destination,
        local: undefined,
        interfaceIndex
      }
    }
    return last6
  },
  write: (view, at, source) => {
    const address = sourceOf("ipv6", source)
    if (address === undefined) for (let i = 0; i < 16; i++) view.setUint8(at + i, 0)
    else writeIpv6(view, at, address)
    // A link-local source belongs to an interface. Its zone is used if no interface is given.
    view.setUint32(at + 16, source.interfaceIndex ?? address?.zone ?? 0, true)
    return 20
  },
  validate: (source) => validate("ipv6", source)
}

type Codec4 = ReceiveFormat<PacketInfo<"ipv4">>["payload"] & SendFormat<PacketSource<"ipv4">>["payload"]
type Codec6 = ReceiveFormat<PacketInfo<"ipv6">>["payload"] & SendFormat<PacketSource<"ipv6">>["payload"]

/** The last text that was parsed. A program uses one source for many datagrams, and each is looked up twice. */
let lastText = "0.0.0.0"
let lastRead = parseAddress(lastText)
const parsed = (text: string): ReturnType<typeof parseAddress> => {
  if (text !== lastText) {
    lastText = text
    lastRead = parseAddress(text)
  }
  return lastRead
}

const sourceOf = <F extends "ipv4" | "ipv6">(family: F, { source }: PacketSource<F>): AddressOf[F] | undefined => {
  const address: Ipv4Address | Ipv6Address | ReturnType<typeof parseAddress> | undefined =
    typeof source === "string" ? parsed(source) : source
  if (address === undefined || isMalformed(address) || address.family !== family) return undefined
  // The family was compared, but the compiler cannot follow that through AddressOf[F].
  return address as AddressOf[F]
}

const validate = (
  family: "ipv4" | "ipv6",
  packetSource: PacketSource<"ipv4"> | PacketSource<"ipv6">
): string | undefined => {
  if (typeof packetSource !== "object" || packetSource === null) return `${format(packetSource)} is not a packet source`
  // Not `Object.keys`, which allocates for each datagram.
  for (const key in packetSource)
    if (key !== "source" && key !== "interfaceIndex" && Object.hasOwn(packetSource, key))
      return `a packet source has 'source' and 'interfaceIndex', not '${key}'`
  const { interfaceIndex, source } = packetSource
  if (interfaceIndex !== undefined && !isInteger(interfaceIndex, 0, 0x7fffffff))
    return `${format(interfaceIndex)} is not an interface index`
  if (source === undefined) return undefined
  const address = typeof source === "string" ? parsed(source) : source
  if (isMalformed(address)) return address.malformed
  // `instanceof` is required: an object that only has a `family` would be written as zeros.
  if (!(address instanceof Ipv4Address || address instanceof Ipv6Address) || address.family !== family)
    return `${format(address)} is not an ${family === "ipv4" ? "IPv4" : "IPv6"} address`
  if (
    address instanceof Ipv6Address &&
    address.zone !== 0 &&
    interfaceIndex !== undefined &&
    interfaceIndex !== address.zone
  ) {
    return `${address} is an address of interface ${address.zone}, not of ${interfaceIndex}`
  }
  if (address.equals(Ipv4Address.broadcast)) return `${address} is a broadcast address: nothing can be sent from it`
  return address.isMulticast ? `${address} is a group: nothing can be sent from it` : undefined
}

/**
 * Linux: an interface in the message overrides the one that the socket is bound to. This needs no privilege. The
 * datagram leaves by the other interface. On IPv6 the destination must be in its zone, or the send fails with EINVAL.
 * Shown by traps/interfaces.netns.test.ts.
 */
const boundInterface = {
  level: Linux.SOL_SOCKET,
  option: Linux.SO_BINDTOIFINDEX,
  concerns: ({ interfaceIndex }: PacketSource<"ipv4"> | PacketSource<"ipv6">): boolean =>
    interfaceIndex !== undefined && interfaceIndex !== 0,
  validate: ({ interfaceIndex }: PacketSource<"ipv4"> | PacketSource<"ipv6">, bound: number): string | undefined =>
    bound === 0 || interfaceIndex === undefined || interfaceIndex === 0 || interfaceIndex === bound
      ? undefined
      : `this socket is bound to interface ${bound}, and cannot send by ${interfaceIndex}`
}

const posixRow4 = (
  level: number,
  type: number,
  agrees?: typeof boundInterface
): Row<PacketInfo<"ipv4">, PacketSource<"ipv4">> => ({
  request: on(level, type),
  receive: [{ level, type, payload: posix4 }],
  send: { level, type, payload: posix4, mustMatchOption: agrees }
})

const row6 = (
  level: number,
  option: number,
  type: number,
  agrees?: typeof boundInterface
): Row<PacketInfo<"ipv6">, PacketSource<"ipv6">> => ({
  request: on(level, option),
  receive: [{ level, type, payload: info6 }],
  send: { level, type, payload: info6, mustMatchOption: agrees }
})

/**
 * The definition of `PktInfo`.
 *
 * **Gotchas**
 *
 * On Linux a datagram that was queued before the option was set has interface index 0. `Datagram.bind` sets every
 * option first. A datagram from this host to its own LAN address arrives on the LAN interface, not on `lo`. The kernel
 * accepts a wrong interface index, and the datagram is lost.
 *
 * @category messages
 * @since 0.1.0
 */
export const PktInfo = define<PktInfo>({
  key: "pktInfo",
  presence: "required",
  table: {
    linux: {
      ipv4: posixRow4(Linux.IPPROTO_IP, Linux.IP_PKTINFO, boundInterface),
      // Linux: IPV6_PKTINFO (50) as an option is the sticky one. IPV6_RECVPKTINFO (49) requests the message, which has
      // type 50.
      ipv6: row6(Linux.IPPROTO_IPV6, Linux.IPV6_RECVPKTINFO, Linux.IPV6_PKTINFO, boundInterface)
    },
    darwin: {
      ipv4: posixRow4(Darwin.IPPROTO_IP, Darwin.IP_PKTINFO),
      ipv6: row6(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVPKTINFO, Darwin.IPV6_PKTINFO)
    },
    winsock: {
      ipv4: {
        request: on(Winsock.IPPROTO_IP, Winsock.IP_PKTINFO),
        receive: [{ level: Winsock.IPPROTO_IP, type: Winsock.IP_PKTINFO, payload: winsock4 }],
        send: { level: Winsock.IPPROTO_IP, type: Winsock.IP_PKTINFO, payload: winsock4 }
      },
      ipv6: row6(Winsock.IPPROTO_IPV6, Winsock.IPV6_PKTINFO, Winsock.IPV6_PKTINFO)
    }
  }
})

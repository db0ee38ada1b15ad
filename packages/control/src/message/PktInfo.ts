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

/** Keeps what arrived out of where a source is wanted, in the types alone: the two share a member, so the compiler would let it pass. */
declare const Arrived: unique symbol

/**
 * What the kernel says about where a datagram arrived.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketInfo<F extends Family> {
  readonly [Arrived]?: "what arrived"
  /** The destination address in the IP header: ours, a group's, or a broadcast address. */
  readonly destination: Address<F>
  /**
   * The address of this host that the kernel would answer from (`ipi_spec_dst`). Linux and macOS, IPv4 only; absent from what was queued before
   * packet information was asked for (an adopted socket's), and on Linux from all that a ping socket receives.
   */
  readonly local: Address<F> | undefined
  /** Of the interface it arrived on, from 1; 0 where the kernel does not know. */
  readonly interfaceIndex: number
}

/**
 * From where a datagram shall leave. What was received does not fit here: `Datagram.reply` knows how.
 *
 * @category models
 * @since 0.1.0
 */
export interface PacketSource<F extends Family> {
  readonly [Arrived]?: "what arrived does not say from where to send, Datagram.reply knows"
  /** An address of this host. Absent: the address that the socket is bound to, or the kernel's choice if it is bound to all. */
  readonly source?: string | Address<F> | undefined
  /** Absent: the route decides. */
  readonly interfaceIndex?: number | undefined
}

/**
 * What a datagram brings where `PktInfo` is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedPktInfo<F extends Family> {
  /** Where the datagram arrived: destination address and interface. */
  readonly pktInfo: PacketInfo<F>
}

/**
 * What may go with a datagram where `PktInfo` is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendablePktInfo<F extends Family> {
  /** From which address and interface to send. Absent: as the kernel's routes say. */
  readonly pktInfo?: PacketSource<F> | undefined
}

/**
 * Packet information: on which local address and interface a datagram arrived, from which one shall leave.
 *
 * @see RFC 3542 section 6.1 and 6.2; ip(7), IP_PKTINFO; ws2ipdef.h, IP_PKTINFO and IPV6_PKTINFO
 * @category messages
 * @since 0.1.0
 */
export interface PktInfo extends ControlMessage<"pktInfo", Internet> {
  readonly received: ReceivedPktInfo<this["family"]["is"]>
  readonly sendable: SendablePktInfo<this["family"]["is"]>
}

// Most datagrams have the packet information of the one before. It cannot be changed, so it is that one again.
let last4: PacketInfo<"ipv4"> = { destination: Ipv4Address.unspecified, local: undefined, interfaceIndex: 0 }
let last6: PacketInfo<"ipv6"> = { destination: Ipv6Address.unspecified, local: undefined, interfaceIndex: 0 }

/** `in_pktinfo` of Linux and macOS: the interface first, then `ipi_spec_dst` (ours), then `ipi_addr` (what the IP header said). */
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
        // Linux: 0.0.0.0 where it was queued before the option was set, and always on ping sockets.
        local: local === 0 ? undefined : new Ipv4Address(local),
        interfaceIndex
      }
    }
    return last4
  },
  write: (view, at, source) => {
    view.setUint32(at, source.interfaceIndex ?? 0, true)
    // Linux: the source to use goes into ipi_spec_dst; ipi_addr is not read on sending.
    view.setUint32(at + 4, sourceOf("ipv4", source)?.value ?? 0)
    view.setUint32(at + 8, 0)
    return 12
  },
  validate: (source) => validate("ipv4", source)
}

/** `IN_PKTINFO` of Winsock: the address first, then the interface, and no third member. */
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

/** `in6_pktinfo`, the same everywhere (RFC 3542 section 6.1). */
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
    // A link-local source belongs to an interface: its zone counts where no interface is given.
    view.setUint32(at + 16, source.interfaceIndex ?? address?.zone ?? 0, true)
    return 20
  },
  validate: (source) => validate("ipv6", source)
}

type Codec4 = ReceiveFormat<PacketInfo<"ipv4">>["payload"] & SendFormat<PacketSource<"ipv4">>["payload"]
type Codec6 = ReceiveFormat<PacketInfo<"ipv6">>["payload"] & SendFormat<PacketSource<"ipv6">>["payload"]

/** A program names one source for many datagrams, and each asks twice. */
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
  // The family was compared, which the compiler does not follow through AddressOf[F].
  return address as AddressOf[F]
}

const validate = (
  family: "ipv4" | "ipv6",
  packetSource: PacketSource<"ipv4"> | PacketSource<"ipv6">
): string | undefined => {
  if (typeof packetSource !== "object" || packetSource === null) return `${format(packetSource)} is not a packet source`
  for (const key of Object.keys(packetSource))
    if (key !== "source" && key !== "interfaceIndex")
      return `a packet source has 'source' and 'interfaceIndex', not '${key}'`
  const { interfaceIndex, source } = packetSource
  if (interfaceIndex !== undefined && !isInteger(interfaceIndex, 0, 0x7fffffff))
    return `${format(interfaceIndex)} is not an interface index`
  if (source === undefined) return undefined
  const address = typeof source === "string" ? parsed(source) : source
  if (isMalformed(address)) return address.malformed
  // Asked of the class: an object that only says `family` would be written as zeros.
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
 * Linux: an interface in the message overrides the one that the socket is bound to, also for programs without privileges, and the datagram leaves by
 * the other (IPv6: to a destination of that zone; else EINVAL). Shown by traps/interfaces.netns.test.ts.
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
 * On Linux a datagram that was queued before the option was set has interface index 0; `Datagram.bind` sets every option first. Own
 * traffic to an address of the LAN names the LAN interface, not `lo`. A wrong interface index is accepted and the datagram lost.
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
      // Linux: IPV6_PKTINFO (50) as an option is the sticky one; IPV6_RECVPKTINFO (49) asks, and 50 arrives.
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

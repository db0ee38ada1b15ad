import {
  type Endpoint,
  type Family,
  type Internet,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  type PacketInfo,
  type PacketSource
} from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import { notSent } from "./notSent.ts"
import { isLinkLocal, mayBeBroadcast } from "../driver/interfaceTable.ts"

/**
 * Fallback of a reply if the system refuses its source address, with the code of the refusal. Each use is counted as `sourceRefused`.
 *
 * Winsock: some machines refuse a source (WSAEINVAL) for every destination outside the local network. An IPv4 reply then has no packet
 * information, because an interface without a source is reported to send from 0.0.0.0. An IPv6 reply names the interface. Both are correct
 * except on hosts with several addresses. Source: LizardByte/Sunshine issues 3043, 5443.
 *
 * Linux: a datagram may be queued before packet information is requested. The kernel then does not report whether its destination was
 * unicast or a broadcast address, which cannot be a source (ENETUNREACH). In that case the kernel chooses the source.
 *
 * @category sockets
 * @since 0.1.0
 */
export const withoutSource: unique symbol = Symbol("@ancillary/engine/withoutSource")

/** The fallback that is tried if a send with the source fails with this code. */
export interface Fallback {
  readonly code: "WSAEINVAL" | "ENETUNREACH"
  readonly control: { readonly pktInfo?: PacketSource<Family> | undefined }
}

interface Asked {
  readonly from: Endpoint<Internet>
  readonly control: { readonly pktInfo: PacketInfo<Family> }
  readonly delivery: string
}

/**
 * Destination, source and fallback of a reply.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Answer {
  readonly to: Endpoint<Internet>
  readonly pktInfo: PacketSource<Family>
  readonly fallback: Fallback | undefined
}

/** The members of a socket that decide the destination of a reply. Absent for an object that a program made itself. */
export interface AnsweringSocket {
  readonly plan: Plan
  /** Returns true if an address is the broadcast address of one of this host's networks. */
  readonly isBroadcastAddress: (address: Ipv4Address) => boolean
  /** Returns true if the socket may broadcast, by the system's value of the option. */
  readonly mayBroadcast: () => boolean
}

const byTheKernel: Fallback = { code: "ENETUNREACH", control: { pktInfo: {} } }
const withoutPacketInfo: Fallback = { code: "WSAEINVAL", control: {} }

/**
 * Returns the destination of a reply; docs/reply.md has the table.
 *
 * The source of a reply to a unicast datagram is the address to which that datagram was sent. It does not name the interface, because on an
 * asymmetric
 * route that loses the reply. A link-local peer of either family is reachable by one interface only, so the reply names it too. Without it
 * the kernel would choose an interface by its routes (IPv4), or the first address of the interface (IPv6).
 *
 * A multicast or broadcast address cannot be a source (IPv6: EINVAL; IPv4: another address is used). In that case the kernel chooses.
 *
 * @category sockets
 * @since 0.1.0
 */
export const answerTo = (socket: AnsweringSocket | undefined, asked: unknown): Answer | DatagramSendError => {
  // Guaranteed by the types of `reply`, whose conditional types do not resolve for a generic family.
  const { control, delivery, from } = asked as Asked
  const { destination, interfaceIndex } = control.pktInfo
  const { address } = from
  const kind = address instanceof Ipv4Address ? kindOf4(socket, address) : kindOf6(address)
  if (kind !== "unique" && kind !== "link-local") return toNoHost(socket, asked as Asked, kind)
  if (delivery === "unknown")
    return {
      to: from,
      pktInfo: { source: destination },
      fallback: byTheKernel
    }
  if (delivery !== "unicast") return { to: from, pktInfo: { interfaceIndex }, fallback: undefined }
  return {
    to: from,
    pktInfo: kind === "link-local" ? { source: destination, interfaceIndex } : { source: destination },
    fallback:
      address instanceof Ipv4Address
        ? withoutPacketInfo
        : { code: "WSAEINVAL", control: { pktInfo: { interfaceIndex } } }
  }
}

type Kind = "unique" | "link-local" | "unspecified" | "group" | "broadcast"

const kindOf4 = (socket: AnsweringSocket | undefined, address: Ipv4Address): Kind => {
  const { value } = address
  const first = value >>> 24
  if (value === 0) return "unspecified"
  if (value === 0xffffffff) return "broadcast"
  if (first >= 224 && first < 240) return "group"
  // Linux: a datagram with such a source is received. A socket that may broadcast would send its reply to every host of the network.
  if (mayBeBroadcast(address) && socket?.isBroadcastAddress(address) === true) return "broadcast"
  return isLinkLocal(address) ? "link-local" : "unique"
}

const kindOf6 = (address: Ipv6Address): Kind => {
  if (address.isMulticast) return "group"
  if (address.isLinkLocal) return "link-local"
  return address.isUnspecified ? "unspecified" : "unique"
}

/**
 * A peer without an address (a DHCP client, RFC 2131 section 4.1) receives broadcasts on its link. Linux and macOS send a datagram for
 * 0.0.0.0 to this host. Multicast and broadcast addresses belong to no single host, so only a forged datagram has one as its source.
 */
const toNoHost = (
  socket: AnsweringSocket | undefined,
  { control, delivery, from }: Asked,
  kind: Kind
): Answer | DatagramSendError => {
  const { destination, interfaceIndex } = control.pktInfo
  if (kind !== "unspecified")
    return notSent(
      socket,
      "to",
      `${from} is the address of ${kind === "group" ? "a group" : "every host"} and not of a peer: drop the datagram`
    )
  if (from.address instanceof Ipv6Address)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}): send to ff02::1 on the interface asked if it is to hear you`
    )
  if (interfaceIndex === 0)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}), and the interface that it asked on is not known: drop the datagram`
    )
  if (socket?.mayBroadcast() !== true)
    return notSent(
      socket,
      "to",
      `the peer has no address (${from}): declare withBroadcast(), and the reply is broadcast on the interface asked`
    )
  return {
    to: new InternetEndpoint("ipv4", Ipv4Address.broadcast, from.port),
    pktInfo: delivery === "unicast" ? { source: destination, interfaceIndex } : { interfaceIndex },
    fallback: undefined
  }
}

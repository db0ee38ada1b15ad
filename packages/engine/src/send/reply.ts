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
 * What an answer goes out with where the system refuses its source, counted as `sourceRefused`, and which code says that it does.
 *
 * Winsock: some machines refuse a source (WSAEINVAL) for every destination beyond the local network. Then an IPv4 answer goes out without packet
 * information, because an interface without a source is reported to leave from 0.0.0.0; an IPv6 answer names the interface. Both are right for all but
 * hosts with several addresses. Source: LizardByte/Sunshine issues 3043, 5443.
 *
 * Linux: of what was queued before packet information was asked for, the kernel does not tell whether it went to this host alone or to a broadcast
 * address, which cannot be a source (ENETUNREACH): then the kernel chooses.
 *
 * @category sockets
 * @since 0.1.0
 */
export const withoutSource: unique symbol = Symbol("@ancillary/engine/withoutSource")

/** What is tried where sending from the source fails with this code. */
export interface Otherwise {
  readonly code: "WSAEINVAL" | "ENETUNREACH"
  readonly control: { readonly pktInfo?: PacketSource<Family> | undefined }
}

interface Asked {
  readonly from: Endpoint<Internet>
  readonly control: { readonly pktInfo: PacketInfo<Family> }
  readonly delivery: string
}

/**
 * To whom an answer goes and from where, and what to fall back to.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Answer {
  readonly to: Endpoint<Internet>
  readonly pktInfo: PacketSource<Family>
  readonly otherwise: Otherwise | undefined
}

/** What of a socket decides where an answer goes. It is absent for an object that a program made itself. */
export interface AnsweringSocket {
  readonly plan: Plan
  /** Whether an address is that of every host of a network of this host. */
  readonly isBroadcastAddress: (address: Ipv4Address) => boolean
  /** Whether the socket may broadcast, as the system has it. */
  readonly mayBroadcast: () => boolean
}

const byTheKernel: Otherwise = { code: "ENETUNREACH", control: { pktInfo: {} } }
const withoutPacketInfo: Otherwise = { code: "WSAEINVAL", control: {} }

/**
 * Where an answer goes: docs/reply.md has the table.
 *
 * Unicast: from the address that was asked, and never by the interface that was: on an asymmetric route that loses the answer. A link-local peer of
 * either family is reached over one interface only, which is named beside the source: left to itself the kernel chooses by its routes (IPv4), or answers
 * from the first address of the interface (IPv6). A group or a broadcast address cannot be a source (IPv6: EINVAL; IPv4: another's address): there the
 * kernel chooses.
 *
 * @category sockets
 * @since 0.1.0
 */
export const answerTo = (socket: AnsweringSocket | undefined, asked: unknown): Answer | DatagramSendError => {
  // Guaranteed by the types of `reply`, whose conditional ones do not resolve for a generic family.
  const { control, delivery, from } = asked as Asked
  const { destination, interfaceIndex } = control.pktInfo
  const { address } = from
  const kind = address instanceof Ipv4Address ? kindOf4(socket, address) : kindOf6(address)
  if (kind !== "unique" && kind !== "link-local") return toNoHost(socket, asked as Asked, kind)
  if (delivery === "unknown")
    return {
      to: from,
      pktInfo: { source: destination },
      otherwise: byTheKernel
    }
  if (delivery !== "unicast") return { to: from, pktInfo: { interfaceIndex }, otherwise: undefined }
  return {
    to: from,
    pktInfo: kind === "link-local" ? { source: destination, interfaceIndex } : { source: destination },
    otherwise:
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
  // Linux: a datagram with such a source arrives, and a socket that may broadcast would answer it to every host of the network.
  if (mayBeBroadcast(address) && socket?.isBroadcastAddress(address) === true) return "broadcast"
  return isLinkLocal(address) ? "link-local" : "unique"
}

const kindOf6 = (address: Ipv6Address): Kind => {
  if (address.isMulticast) return "group"
  if (address.isLinkLocal) return "link-local"
  return address.isUnspecified ? "unspecified" : "unique"
}

/**
 * A peer without an address (a DHCP client, RFC 2131 section 4.1) hears a broadcast on its link. Sent to 0.0.0.0, a datagram goes to this very host on
 * Linux and macOS. Groups and broadcast addresses are no host's: only a forged datagram comes from one.
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
    otherwise: undefined
  }
}

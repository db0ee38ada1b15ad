import { type Family, Ipv6Address, type PacketInfo, type PacketSource } from "@ancillary/control"

/**
 * What an answer goes out with where the system refuses its source, counted as `sourceRefused`, and which code says that it does.
 *
 * Winsock: some machines refuse a source (WSAEINVAL) for every destination beyond the local network; there the interface alone decides, which
 * is right for all but hosts with several addresses on it. Source: LizardByte/Sunshine issues 3043, 5443.
 *
 * Linux: of what was queued before packet information was asked for, the kernel does not tell whether it went to this host alone or to a broadcast
 * address, which cannot be a source (ENETUNREACH): then the kernel chooses.
 */
export const withoutSource: unique symbol = Symbol("@ancillary/socket/withoutSource")

/** What is tried where sending from the source fails with this code. */
export interface Otherwise {
  readonly code: "WSAEINVAL" | "ENETUNREACH"
  readonly control: { readonly pktInfo: PacketSource<Family> }
}

interface Asked {
  readonly from: { readonly address: unknown }
  readonly control: { readonly pktInfo: PacketInfo<Family> }
  readonly delivery: string
}

/**
 * From where the answer leaves, and what to fall back to.
 *
 * Unicast: from the address that was asked, and never by the interface that was: on an asymmetric route that loses the answer. A link-local peer is
 * reached over one interface alone, which is named beside the source: left to itself the kernel answers with the interface's first address. A group
 * or a broadcast address cannot be a source (IPv6: EINVAL; IPv4: another's address): there the kernel chooses.
 */
export const replySource = (
  asked: unknown
): { readonly pktInfo: PacketSource<Family>; readonly otherwise: Otherwise | undefined } => {
  // Guaranteed by the types of `reply`, whose conditional ones do not resolve for a generic family.
  const { control, delivery, from } = asked as Asked
  const { destination, interfaceIndex } = control.pktInfo
  if (delivery === "unknown")
    return { pktInfo: { source: destination }, otherwise: { code: "ENETUNREACH", control: { pktInfo: {} } } }
  if (delivery !== "unicast") return { pktInfo: { interfaceIndex }, otherwise: undefined }
  const linkLocal = from.address instanceof Ipv6Address && from.address.isLinkLocal
  return {
    pktInfo: linkLocal ? { source: destination, interfaceIndex } : { source: destination },
    otherwise: { code: "WSAEINVAL", control: { pktInfo: { interfaceIndex } } }
  }
}

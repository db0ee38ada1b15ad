import { type Family, Ipv6Address, type PacketInfo, type PacketSource } from "@ancillary/control"

interface Asked {
  readonly from: { readonly address: unknown }
  readonly control: { readonly pktInfo: PacketInfo<Family> }
  readonly delivery: string
}

/**
 * From where the answer leaves.
 *
 * Unicast: from the address that was asked, and never by the interface that was: on an asymmetric route that loses the answer. A group or a
 * broadcast address cannot be a source (IPv6: EINVAL; IPv4: another's address), and a link-local peer is reached over one interface alone.
 */
export const replySource = (asked: unknown): PacketSource<Family> => {
  // Guaranteed by the types of `reply`, whose conditional ones do not resolve for a generic family.
  const { control, delivery, from } = asked as Asked
  const { destination, interfaceIndex } = control.pktInfo
  const linkLocal = from.address instanceof Ipv6Address && from.address.isLinkLocal
  return delivery === "unicast" && !linkLocal ? { source: destination } : { interfaceIndex }
}

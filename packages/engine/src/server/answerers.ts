/** Decides whether a datagram can be the answer of the address that a request was sent to. */
import { type Endpoint, type Family, Ipv4Address, type Ipv6Address } from "@ancillary/control"

type Address = Ipv4Address | Ipv6Address

/**
 * Returns true if `from` answers for `asked`. They have one port, and one address. A host of the group or network that was asked answers for it,
 * and loopback for 0.0.0.0 and ::.
 */
export const isAnswerer = (
  asked: Endpoint<Family>,
  from: Endpoint<Family>,
  isBroadcast: (address: Ipv4Address) => boolean
): boolean => {
  if (asked.equals(from)) return true
  if (asked.family === "unix" || from.family === "unix" || asked.port !== from.port) return false
  if (isToMany(asked.address, isBroadcast)) return true
  // Systems that send a datagram for 0.0.0.0 send it to this host.
  if (asked.address.isUnspecified) return from.address.isLoopback
  return isSameHost(asked.address, from.address)
}

/** No host has the address of a group or of a broadcast, so every host may answer. */
const isToMany = (address: Address, isBroadcast: (address: Ipv4Address) => boolean): boolean =>
  address.isMulticast || (address.family === "ipv4" && (address.equals(Ipv4Address.broadcast) || isBroadcast(address)))

/**
 * True if two IPv6 addresses differ in their zones only, and one of them has none. Systems report zones for link-local peers only, and a socket
 * that is bound to an interface may send to such a peer without one.
 */
const isSameHost = (asked: Address, from: Address): boolean =>
  asked.family === "ipv6" &&
  from.family === "ipv6" &&
  (from.isLinkLocal ? asked.zone === 0 : from.zone === 0) &&
  asked.withZone(from.zone).equals(from)

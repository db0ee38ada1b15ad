/** `bind` and `connect`: the ends of a socket. */
import { type Address, type Family, isOfInterface, unspecified, withoutZone } from "../address.ts"
import type { Device } from "../ip/device.ts"
import type { Path, Routes } from "../ip/routes.ts"
import type { ErrorName } from "./errors.ts"
import type { Ports } from "./ports.ts"
import { asPacket, type End, isMapped, type SocketState, thisHost } from "./socket.ts"

/** Parts that sockets of one host share. */
export interface Sharing {
  readonly routes: Routes
  readonly ports: Ports
}

export const bind = ({ ports, routes }: Sharing, socket: SocketState, to: End): ErrorName | undefined => {
  const { address: given, port } = to
  if (socket.port !== 0 && socket.family === "ipv6") return "EINVAL"
  if (socket.settings.ipv6Only !== 0 && isMapped(given)) return "EINVAL"
  const { settings } = socket
  if (isOfInterface(given) && given.family === "ipv6") {
    if (given.zone !== 0) {
      if (settings.boundDevice !== 0 && settings.boundDevice !== given.zone) return "EINVAL"
      settings.boundDevice = given.zone
    }
    if (settings.boundDevice === 0) return "EINVAL"
  }
  const isOfIpv6 = given.family === "ipv6" && !given.isUnspecified
  if (isOfIpv6 && settings.boundDevice !== 0 && routes.device(settings.boundDevice) === undefined) return "ENODEV"
  const address = withoutZone(given)
  const wanted = asPacket(address)
  const isForeign = settings.freebind !== 0 || settings.transparent !== 0
  if (!isForeign && !isOwn(routes, wanted, routes.device(settings.boundDevice))) return "EADDRNOTAVAIL"
  // Linux: IPv4 looks at the address first.
  if (socket.port !== 0) return "EINVAL"
  const chosen = port === 0 ? ports.free(socket, address) : port
  if (chosen === undefined || (port !== 0 && ports.conflicts(socket, address, port))) return "EADDRINUSE"
  socket.port = chosen
  socket.address = given.family === "ipv6" && isOfInterface(given) ? given.withZone(settings.boundDevice) : address
  socket.isAddressGiven = !address.isUnspecified
  // Linux: a socket that is bound to an IPv6 address has no IPv4 peers from then on.
  if (given.family === "ipv6" && !given.isUnspecified && !isMapped(given)) settings.ipv6Only = 1
  ports.add(socket)
  return undefined
}

/** Addresses that a socket may be bound to: this host's, all, and those that many hosts hear. */
const isOwn = (routes: Routes, address: Address, device: Device | undefined): boolean =>
  address.isUnspecified ||
  address.isMulticast ||
  routes.owner(address, device) !== undefined ||
  (address.family === "ipv4" && (address.value === 0xffffffff || routes.broadcaster(address) !== undefined))

/** Binds a socket that sends before it was bound. */
export const autobind = ({ ports }: Sharing, socket: SocketState): ErrorName | undefined => {
  if (socket.port !== 0) return undefined
  const port = ports.free(socket, socket.address)
  if (port === undefined) return "EADDRINUSE"
  socket.port = port
  ports.add(socket)
  return undefined
}

export const connect = (sharing: Sharing, socket: SocketState, to: End): ErrorName | undefined => {
  const { routes } = sharing
  const { settings } = socket
  const notBound = autobind(sharing, socket)
  if (notBound !== undefined) return notBound
  const unreachable = refuseFamily(socket, to.address)
  if (unreachable !== undefined) return unreachable
  const own = ownSource(sharing, socket, asPacket(to.address).family)
  const destination = peerAddress(socket, to.address, own)
  let zone = settings.boundDevice
  if (isOfInterface(destination) && to.address.family === "ipv6") {
    if (to.address.zone !== 0) {
      if (zone !== 0 && zone !== to.address.zone) return "EINVAL"
      zone = to.address.zone
    }
    if (zone === 0 && destination.isMulticast) zone = settings.ipv6.multicastInterface
    if (zone === 0) return "EINVAL"
  } else if (zone === 0 && destination.isMulticast) zone = settings[destination.family].multicastInterface
  const device = zone === 0 ? undefined : routes.device(zone)
  if (zone !== 0 && device === undefined) return destination.family === "ipv4" ? "ENODEV" : "ENETUNREACH"
  if (own?.family === "ipv4" && !isLocalSource(routes, socket, own, undefined)) return "ENETUNREACH"
  const path = routes.find(destination, device, own)
  if (path === undefined) return "ENETUNREACH"
  if (destination.family === "ipv6" && isMapped(socket.address)) return "EAFNOSUPPORT"
  if (own !== undefined && isMartian(own, path)) return "EINVAL"
  if (path.kind === "broadcast" && settings.broadcast === 0) return "EACCES"
  // Linux: a link-local peer binds the socket to its interface.
  if (isOfInterface(destination) && settings.boundDevice === 0) settings.boundDevice = zone
  const source = own ?? routes.sourceFor(destination, path)
  socket.source = source
  if (socket.boundTo() === undefined) {
    socket.address = socket.named(source, path.device.index)
    socket.isAddressGiven = false
  }
  socket.peer = { address: socket.named(destination, zone === 0 ? path.device.index : zone), port: to.port }
  return undefined
}

/** Ends a connection. The port stays, and an address that the program gave. */
export const disconnect = (
  { routes }: Sharing,
  socket: SocketState,
  bound: { readonly before: number; readonly after: number }
): void => {
  socket.peer = undefined
  if (!socket.isAddressGiven) socket.source = undefined
  socket.pending = undefined
  // Connecting to a link-local peer also binds to an interface.
  if (socket.settings.boundDevice === bound.after) socket.settings.boundDevice = bound.before
  // Linux: the binding ends with the connection, and the driver cannot restore one to an interface that is gone.
  if (routes.device(socket.settings.boundDevice) === undefined) socket.settings.boundDevice = 0
  if (!socket.isAddressGiven) socket.address = unspecified[socket.family]
}

/** Returns the error for a peer of a family that the socket does not speak. */
export const refuseFamily = (socket: SocketState, peer: Address): ErrorName | undefined => {
  if (socket.family === "ipv4") return peer.family === "ipv6" ? "EAFNOSUPPORT" : undefined
  const isIpv4 = peer.family === "ipv4" || isMapped(peer)
  return isIpv4 && socket.settings.ipv6Only !== 0 ? "ENETUNREACH" : undefined
}

/** The address that a socket sends from, unless a route chooses it: the bound one, if a host has it alone. */
export const ownSource = ({ routes }: Sharing, socket: SocketState, family: Family): Address | undefined => {
  const bound = socket.boundTo()
  const isShared =
    bound === undefined || bound.family !== family || bound.isMulticast || routes.broadcaster(bound) !== undefined
  const own = isShared ? socket.source : bound
  return own?.family === family ? own : undefined
}

/** The address that a program means: an unspecified peer is this host. Linux: only addresses of one link keep their zone. */
export const peerAddress = (socket: SocketState, given: Address, own: Address | undefined): Address => {
  const packet = asPacket(given)
  const address = isOfInterface(packet) ? packet : withoutZone(packet)
  if (!address.isUnspecified) return address
  // Linux: for IPv4 it is the address that the datagram is from.
  if (address.family === "ipv4") return own ?? thisHost(address)
  return thisHost(isMapped(socket.address) ? unspecified.ipv4 : address)
}

/** True if a datagram from an IPv4 loopback address would leave the host. */
export const isMartian = (source: Address, { device, kind }: Path): boolean =>
  source.family === "ipv4" && source.isLoopback && kind !== "local" && !device.loopback

/** True if a datagram may be sent from an address. Linux: freebind is enough for IPv6, and not for IPv4. */
export const isLocalSource = (
  routes: Routes,
  { settings }: SocketState,
  source: Address,
  device: Device | undefined
): boolean => {
  const { freebind, transparent } = settings
  if (transparent !== 0 || (freebind !== 0 && source.family === "ipv6")) return true
  return routes.owner(source, device) !== undefined
}

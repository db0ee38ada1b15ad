/** `bind` and `connect`: the ends of a socket. */
import { type Address, isOfInterface, isSame, unspecified, withoutZone } from "../address.ts"
import type { Device } from "../ip/device.ts"
import type { Routes } from "../ip/routes.ts"
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
  if (socket.port !== 0) return "EINVAL"
  if (socket.settings.ipv6Only !== 0 && isMapped(given)) return "EINVAL"
  const { settings } = socket
  if (isOfInterface(given) && given.family === "ipv6") {
    if (given.zone !== 0) {
      if (settings.boundDevice !== 0 && settings.boundDevice !== given.zone) return "EINVAL"
      settings.boundDevice = given.zone
    }
    if (settings.boundDevice === 0) return "EINVAL"
    if (routes.device(settings.boundDevice) === undefined) return "ENODEV"
  }
  const address = withoutZone(given)
  const wanted = asPacket(address)
  const family = settings[wanted.family]
  const isForeign = family.freebind !== 0 || family.transparent !== 0
  if (!isForeign && !isOwn(routes, wanted, routes.device(settings.boundDevice))) return "EADDRNOTAVAIL"
  const chosen = port === 0 ? ports.free(socket, address) : port
  if (chosen === undefined || (port !== 0 && ports.conflicts(socket, address, port))) return "EADDRINUSE"
  socket.port = chosen
  socket.address = given.family === "ipv6" && isOfInterface(given) ? given.withZone(settings.boundDevice) : address
  socket.isAddressGiven = !address.isUnspecified
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
  const destination = thisHost(asPacket(to.address))
  if (destination.family === "ipv4" && socket.family === "ipv6" && settings.ipv6Only !== 0) return "ENETUNREACH"
  let zone = settings.boundDevice
  if (isOfInterface(destination) && to.address.family === "ipv6") {
    if (to.address.zone !== 0) {
      if (zone !== 0 && zone !== to.address.zone) return "EINVAL"
      zone = to.address.zone
    }
    if (zone === 0 && destination.isMulticast) zone = settings.ipv6.multicastInterface
    if (zone === 0) return "EINVAL"
  } else if (zone === 0 && destination.isMulticast) zone = settings[destination.family].multicastInterface
  const bound = socket.boundTo()
  const path = routes.find(destination, zone === 0 ? undefined : routes.device(zone), bound)
  if (path === undefined) return "ENETUNREACH"
  if (path.kind === "broadcast" && settings.broadcast === 0) return "EACCES"
  // Linux: a link-local peer binds the socket to its interface.
  if (isOfInterface(destination) && settings.boundDevice === 0) settings.boundDevice = zone
  const refused = autobind(sharing, socket)
  if (refused !== undefined) return refused
  if (bound === undefined) {
    const source = routes.sourceFor(destination, path)
    socket.address = socket.named(source, path.device.index)
    socket.isAddressGiven = false
  }
  socket.peer = { address: socket.named(destination, zone === 0 ? path.device.index : zone), port: to.port }
  return undefined
}

/** Ends a connection. The port stays, and an address that the program gave. */
export const disconnect = (socket: SocketState, boundBefore: number): void => {
  socket.peer = undefined
  socket.pending = undefined
  socket.settings.boundDevice = boundBefore
  if (!socket.isAddressGiven) socket.address = unspecified[socket.family]
}

/** True if an address belongs to the host, so that packets may be sent from it. */
export const isLocalSource = (
  routes: Routes,
  socket: SocketState,
  source: Address,
  device: Device | undefined
): boolean => {
  const { freebind, transparent } = socket.settings[source.family]
  if (freebind !== 0 || transparent !== 0) return true
  if (routes.owner(source, device) !== undefined) return true
  const bound = socket.boundTo()
  return bound !== undefined && isSame(bound, source)
}

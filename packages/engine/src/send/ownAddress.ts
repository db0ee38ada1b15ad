/**
 * Detects datagrams that claim to come from the socket that received them. The socket would receive its own reply and reply again without
 * end.
 */
import type { Endpoint, Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import type { Served } from "../socket/served.ts"
import { notSent } from "./notSent.ts"

type Address = Ipv4Address | Ipv6Address

/** The members of a socket that know its own addresses. */
export interface OwnSocket {
  readonly plan: Plan
  readonly served: Served
  /** Returns true if this host has an address, by its list at the start of the socket's turn of the event loop. */
  readonly isHostAddress: (address: Address) => boolean
}

/**
 * Returns true if an endpoint is the socket itself. Ports are compared first, which is enough for nearly all datagrams. `socket` is absent
 * for an object that a program made itself.
 *
 * @category sockets
 * @since 0.1.0
 */
export const isItself = (socket: OwnSocket | undefined, local: Endpoint<Family>, from: Endpoint<Family>): boolean => {
  if (local.family === "unix") return from.family === "unix" && local.path !== undefined && local.path === from.path
  if (from.family === "unix") return false
  return from.port === local.port && isOwn(socket, local.address, from.address)
}

const isOwn = (socket: OwnSocket | undefined, local: Address, from: Address): boolean => {
  // As destinations, 0.0.0.0 and :: are this host.
  if (from.isUnspecified) return true
  if (!local.isUnspecified) return local.equals(from)
  return from.isLoopback || socket?.isHostAddress(from) === true
}

/**
 * Returns the reason why a reply to that endpoint is not sent, and counts it. Returns `undefined` if it may be sent.
 *
 * @category sockets
 * @since 0.1.0
 */
export const validateSource = (
  socket: OwnSocket | undefined,
  local: Endpoint<Family>,
  from: Endpoint<Family>
): DatagramSendError | undefined => {
  if (!isItself(socket, local, from)) return undefined
  if (socket !== undefined) socket.served.refusedItself++
  return notSent(socket, "to", `${from} is this socket's own address, so its source is forged: drop the datagram`)
}

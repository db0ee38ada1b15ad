/**
 * Whether a datagram claims to come from the very socket that received it. Its answer would be received by that socket again, and answered again, for
 * ever.
 */
import type { Endpoint, Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import type { Served } from "../socket/served.ts"
import { notSent } from "./notSent.ts"

type Address = Ipv4Address | Ipv6Address

/** What of a socket knows its own addresses. */
export interface OwnSocket {
  readonly plan: Plan
  readonly served: Served
  /** Whether an address is one of this host, as it was when the socket's turn of the event loop began. */
  readonly isHostAddress: (address: Address) => boolean
}

/**
 * Whether that is an address of the socket itself. Ports are compared first: of nearly all datagrams that is all. `socket` is absent for an object that a
 * program made itself.
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
  // Sent to, 0.0.0.0 and :: are this host.
  if (from.isUnspecified) return true
  if (!local.isUnspecified) return local.equals(from)
  return from.isLoopback || socket?.isHostAddress(from) === true
}

/**
 * Why a reply to that endpoint is not sent, counted; absent if it may be.
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
  if (socket !== undefined) socket.served.fromItself++
  return notSent(socket, "to", `${from} is this socket's own address, so its source is forged: drop the datagram`)
}

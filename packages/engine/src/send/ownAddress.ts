/**
 * Whether a datagram claims to come from the very socket that received it. Its answer would be received by that socket again, and answered again, for
 * ever.
 */
import type { Endpoint, Family, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import { isFault } from "../driver/Driver.ts"
import type { Core } from "../socket/socket.ts"
import { coreOf } from "../socket/sockets.ts"
import { notSent } from "./notSent.ts"

type Address = Ipv4Address | Ipv6Address

interface Socket {
  readonly localAddress: Endpoint<Family>
  readonly stats: object
}

/** Whether that is an address of the socket itself. Ports are compared first: of nearly all datagrams that is all. */
export const isItself = (socket: Socket, from: Endpoint<Family>): boolean => {
  const local = socket.localAddress
  if (local.family === "unix") return from.family === "unix" && local.path !== undefined && local.path === from.path
  if (from.family === "unix") return false
  return from.port === local.port && isOwn(coreOf(socket), local.address, from.address)
}

const isOwn = (core: Core | undefined, local: Address, from: Address): boolean => {
  // Sent to, 0.0.0.0 and :: are this host.
  if (from.isAny) return true
  if (!local.isAny) return local.equals(from)
  return from.isLoopback || (core !== undefined && hostHas(core, from))
}

/** The addresses of the host, as they were when a socket's turn of the event loop began. */
const known = new WeakMap<Core, { readonly turn: number; readonly addresses: ReadonlyArray<Address> }>()

/** A flood of forged datagrams asks for the host's addresses once a turn. */
const hostHas = (core: Core, from: Address): boolean => {
  let host = known.get(core)
  if (host?.turn !== core.turnFrom) {
    const interfaces = core.interfaces()
    const addresses = isFault(interfaces) ? [] : interfaces.flatMap((each) => each.addresses.map((one) => one.address))
    host = { turn: core.turnFrom, addresses }
    known.set(core, host)
  }
  return host.addresses.some((address) => address.equals(from))
}

/** Why a reply to that endpoint is not sent, counted; absent if it may be. */
export const refuseItself = (socket: Socket, from: Endpoint<Family>): DatagramSendError | undefined => {
  if (!isItself(socket, from)) return undefined
  const core = coreOf(socket)
  if (core !== undefined) core.served.fromItself++
  return notSent(core, "to", `${from} is this socket's own address, so its source is forged: drop the datagram`)
}

/** Sockets of a host by port: who may be bound to what, and who receives a datagram. */
import { type Address, isSame } from "../address.ts"
import { type Packet, udpHeaderSize } from "../ip/packet.ts"
import { runFilter } from "../linux/socketFilter.ts"
import type { Random } from "../random.ts"
import { asPacket, type End, isMapped, type SocketState } from "./socket.ts"

/** Linux: `net.ipv4.ip_local_port_range`. */
const ephemeral = { first: 32_768, last: 60_999 }

export class Ports {
  readonly #random: Random
  /** By port, the latest socket last. */
  readonly #bound = new Map<string, ReadonlyArray<SocketState>>()

  constructor(random: Random) {
    this.#random = random
  }

  /** Returns the sockets of a port, the latest last. */
  at(protocol: SocketState["protocol"], port: number): ReadonlyArray<SocketState> {
    return this.#bound.get(`${protocol} ${port}`) ?? []
  }

  /** Open sockets, bound or not. */
  readonly open: Set<SocketState> = new Set()

  add(socket: SocketState): void {
    const key = `${socket.protocol} ${socket.port}`
    this.#bound.set(key, [...(this.#bound.get(key) ?? []), socket])
  }

  remove(socket: SocketState): void {
    const key = `${socket.protocol} ${socket.port}`
    const left = (this.#bound.get(key) ?? []).filter((other) => other !== socket)
    if (left.length === 0) this.#bound.delete(key)
    else this.#bound.set(key, left)
  }

  /** Returns a free port, or nothing if all are in use. */
  free(socket: SocketState, address: Address): number | undefined {
    const count = ephemeral.last - ephemeral.first + 1
    const start = this.#random.below(count)
    for (let i = 0; i < count; i++) {
      const port = ephemeral.first + ((start + i) % count)
      if (!this.conflicts(socket, address, port)) return port
    }
    return undefined
  }

  /** Returns whether another socket keeps this one from a port. Sharing requires the consent of both. */
  conflicts(socket: SocketState, address: Address, port: number): boolean {
    return this.at(socket.protocol, port).some((other) => {
      if (other === socket) return false
      const [mine, its] = [socket.settings, other.settings]
      if (mine.boundDevice !== 0 && its.boundDevice !== 0 && mine.boundDevice !== its.boundDevice) return false
      if (mine.reuseAddress !== 0 && its.reuseAddress !== 0) return false
      // Linux: a socket with a filter joins no other socket.
      if (mine.reusePort !== 0 && its.reusePort !== 0 && socket.filter === undefined) return false
      return overlap(socket, address, other)
    })
  }

  /** Finds the socket of a unicast datagram: the one that is bound most closely. `device`: index of the interface on which it arrived. */
  lookup(packet: Packet, to: End, from: End, device: number): SocketState | undefined {
    let best: ReadonlyArray<SocketState> = []
    let bestScore = -1
    for (const socket of this.at("udp", to.port)) {
      const score = this.#score(socket, packet, to, from, device)
      if (score < 0 || score < bestScore) continue
      best = score === bestScore ? [...best, socket] : [socket]
      bestScore = score
    }
    if (best.length < 2) return best[0]
    const latest = best.at(-1)
    // Sockets that share a port by SO_REUSEPORT get the peers by a hash. Of others the latest gets everything.
    const group = best.filter(({ settings }) => settings.reusePort !== 0)
    if (group.length < 2) return latest
    const filter = latestFilter(group)
    const chosen =
      filter === undefined ? undefined : group[runFilter(filter, packet, packet.body.subarray(udpHeaderSize))]
    return chosen ?? group[spread(from, to) % group.length]
  }

  #score(socket: SocketState, packet: Packet, to: End, from: End, device: number): number {
    if (!accepts(socket, packet, to, from, device)) return -1
    let score = socket.family === packet.family ? 1 : 0
    if (socket.boundTo() !== undefined) score += 4
    if (socket.peer !== undefined) score += 8
    if (socket.settings.boundDevice !== 0) score += 4
    return score
  }

  /** All sockets that receive a datagram to a group or to all hosts. */
  listeners(packet: Packet, to: End, from: End, device: number): ReadonlyArray<SocketState> {
    return this.at("udp", to.port).filter((socket) => {
      if (!accepts(socket, packet, to, from, device)) return false
      if (!packet.destination.isMulticast) return true
      const all = socket.settings[packet.family].multicastAll !== 0
      return socket.memberships.accepts(packet.destination, device, packet.source, all)
    })
  }
}

/** True if the ends of a socket permit the datagram. */
const accepts = (socket: SocketState, packet: Packet, to: End, from: End, device: number): boolean => {
  const { boundDevice } = socket.settings
  if (!socket.speaks(packet.family)) return false
  if (boundDevice !== 0 && boundDevice !== device) return false
  const bound = socket.boundTo()
  if (bound !== undefined && !isSame(bound, to.address)) return false
  const { peer } = socket
  if (peer === undefined) return true
  // Linux: port 0 of a peer is any port.
  return (peer.port === 0 || peer.port === from.port) && isSame(asPacket(peer.address), from.address)
}

/** Linux: addresses overlap if they are equal, or one is all addresses of a family that the other has. */
const overlap = (socket: SocketState, address: Address, other: SocketState): boolean => {
  const [mine, its] = [asPacket(address), asPacket(other.address)]
  const families = (each: SocketState, at: Address): ReadonlyArray<string> =>
    each.family === "ipv4" || isMapped(at) ? ["ipv4"] : at.isUnspecified && each.isDual ? ["ipv4", "ipv6"] : ["ipv6"]
  const shared = families(socket, address).filter((family) => families(other, other.address).includes(family))
  return shared.length > 0 && (mine.isUnspecified || its.isUnspecified || isSame(mine, its))
}

const latestFilter = (group: ReadonlyArray<SocketState>): Uint8Array | undefined => {
  let latest: SocketState["filter"]
  for (const { filter } of group) if (filter !== undefined && filter.order > (latest?.order ?? 0)) latest = filter
  return latest?.program
}

const spread = (from: End, to: End): number => {
  let hash = 0x811c9dc5
  const words = [from, to].flatMap(({ address, port }) =>
    address.family === "ipv4" ? [address.value, port] : [address.a, address.b, address.c, address.d, port]
  )
  for (const word of words) hash = Math.imul(hash ^ word, 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

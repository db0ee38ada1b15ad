/**
 * The limits of a server: bytes that it sends to a peer that has not proven its address, responses per prefix, and loops with other servers.
 * Anyone can forge the source of a datagram, and its victim gets the answer. Sources: RFC 9000 section 8, RFC 5358, CVE-2024-2169.
 */
import type { Endpoint, Family, Internet, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { PeerTable } from "./peerTable.ts"
import { type Rate, ResponseRate } from "./responseRate.ts"
import { isServedPort } from "./servedPorts.ts"

/**
 * Settings of a guard, all given.
 *
 * @category servers
 * @since 0.1.0
 */
export interface Limits {
  /** Bytes that may be sent per byte that was received, to a peer that is not validated. `Infinity`: no limit. */
  readonly amplification: number
  /** Absent: no limit. */
  readonly responseRate: Rate | undefined
  /** True if datagrams of a loop with another server are dropped. */
  readonly breaksLoops: boolean
}

/**
 * Counters of the limits of a server.
 *
 * @category servers
 * @since 0.1.0
 */
export class LimitCounters {
  /** Received datagrams that were not handled, because their prefix is above the response rate. */
  rateLimited = 0
  /** Received datagrams that were handled although their prefix is above the response rate. */
  slipped = 0
  /** Received datagrams that were not handled, because they belong to a loop between two servers. */
  loops = 0
  /** Messages that were not sent, because they exceed the amplification limit. */
  amplified = 0
  /** Messages that were not sent, because their prefix is above the response rate. */
  unsent = 0
}

/** Maximum number of peers. With more, the ones that were silent for the longest time are forgotten. */
const maximumPeers = 65_536
/** Milliseconds without a datagram after which a peer has to prove its address again. */
const validity = 300_000
/** Maximum bytes that a peer may save up. */
const maximumCredit = 2 ** 40
/** Answered repetitions after which a peer is taken for a server in a loop. */
const maximumRepeats = 16
/** Milliseconds of silence that end a loop. */
const pause = 1000
/** Bytes of a payload that are compared, by their hash. */
const comparedBytes = 64

const credit = 0
const lastHash = 1
const hashBefore = 2
const repeats = 3
const isAnswered = 4
const columns = 5

type Address = Ipv4Address | Ipv6Address

/**
 * The limits of one served socket, with the state of its peers.
 *
 * **Details**
 *
 * Peers with a loopback address are not limited, because no other host can forge it: systems drop such packets from the network.
 *
 * @category servers
 * @since 0.1.0
 */
export class Guard {
  readonly counters: LimitCounters
  readonly #limits: Limits
  readonly #now: () => number
  readonly #peers: PeerTable
  readonly #rate: ResponseRate | undefined
  // The words of the last address, so that reading one allocates nothing.
  #a = 0
  #b = 0
  #c = 0
  #d = 0

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(limits: Limits, now: () => number, counters: LimitCounters, seed = Math.floor(Math.random() * 2 ** 32)) {
    this.counters = counters
    this.#limits = limits
    this.#now = now
    this.#peers = new PeerTable(columns, maximumPeers, seed)
    this.#rate =
      limits.responseRate === undefined ? undefined : new ResponseRate(limits.responseRate, seed ^ 0x9e3779b9)
  }

  /** Counts a received datagram. Returns false if it is not to be handled. */
  receives(from: Endpoint<Family>, data: Uint8Array): boolean {
    if (from.family === "unix") return true
    const { address, port } = from
    const { amplification, breaksLoops } = this.#limits
    const isSuspect = breaksLoops && isServedPort(port)
    const isLocal = address.isLoopback
    if (isLocal && !isSuspect) return true
    if (!isSuspect && amplification === Infinity && this.#rate === undefined) return true
    this.#read(address)
    const now = this.#now()
    const known = this.#find(port)
    if (known >= 0 && this.#isValid(known, now)) {
      this.#peers.claim(this.#a, this.#b, this.#c, this.#d, port, now)
      return true
    }
    if (!isLocal && this.#rate !== undefined) {
      const verdict = this.#rate.request(this.#a, this.#b, this.#c, this.#d, now, data.length)
      if (verdict === 0) {
        this.counters.rateLimited++
        return false
      }
      if (verdict === 2) this.counters.slipped++
    }
    const slot = this.#peers.claim(this.#a, this.#b, this.#c, this.#d, port, now)
    if (this.#peers.isNew) for (let column = 0; column < columns; column++) this.#peers.set(slot, column, 0)
    if (isSuspect && this.#isLoop(slot, data, this.#peers.isNew ? pause : now - this.#peers.timeBefore)) {
      this.counters.loops++
      return false
    }
    if (amplification !== Infinity) {
      const earned = this.#peers.get(slot, credit) + data.length * amplification
      this.#peers.set(slot, credit, Math.min(maximumCredit, earned))
    }
    return true
  }

  /**
   * Counts a message before it is sent. Returns `undefined` if it may be sent, `"drop"` if it is dropped, or the number of bytes that may be
   * sent to that peer.
   */
  sends(to: Endpoint<Family> | undefined, bytes: number, datagrams: number): "drop" | number | undefined {
    if (to === undefined || to.family === "unix") return undefined
    const { address, port } = to
    const { amplification, breaksLoops } = this.#limits
    const isSuspect = breaksLoops && isServedPort(port)
    const isLocal = address.isLoopback
    if (isLocal && !isSuspect) return undefined
    if (!isSuspect && amplification === Infinity && this.#rate === undefined) return undefined
    this.#read(address)
    const now = this.#now()
    const slot = this.#find(port)
    // A peer that sent nothing is the program's own choice, and no victim of a forged source.
    const isKnown = slot >= 0
    if (isKnown && this.#isValid(slot, now)) return undefined
    if (isKnown && isSuspect) this.#peers.set(slot, isAnswered, 1)
    if (isLocal) return undefined
    const left = isKnown && amplification !== Infinity ? Math.floor(this.#peers.get(slot, credit)) : Infinity
    if (bytes > left) {
      this.counters.amplified++
      return left
    }
    if (this.#rate?.respond(this.#a, this.#b, this.#c, this.#d, now, bytes, datagrams) === false) {
      this.counters.unsent++
      return "drop"
    }
    if (left !== Infinity) this.#peers.set(slot, credit, this.#peers.get(slot, credit) - bytes)
    return undefined
  }

  /** Marks a peer as validated: it has proven that it receives at its address. Its datagrams keep it so. */
  validate({ address, port }: Endpoint<Internet>): void {
    this.#read(address)
    const slot = this.#peers.claim(this.#a, this.#b, this.#c, this.#d, port, this.#now())
    if (this.#peers.isNew) for (let column = 0; column < columns; column++) this.#peers.set(slot, column, 0)
    this.#peers.pin(slot, true)
  }

  /** Returns the bytes that may be sent to a peer now, `Infinity` without a limit. */
  allowance({ address, port }: Endpoint<Internet>): number {
    if (address.isLoopback) return Infinity
    this.#read(address)
    const now = this.#now()
    const slot = this.#find(port)
    if (slot >= 0 && this.#isValid(slot, now)) return Infinity
    const left =
      slot >= 0 && this.#limits.amplification !== Infinity ? Math.floor(this.#peers.get(slot, credit)) : Infinity
    return Math.min(left, this.#rate?.room(this.#a, this.#b, this.#c, this.#d, now) ?? Infinity)
  }

  /** Bytes of the tables. */
  get bytes(): number {
    return this.#peers.bytes + (this.#rate?.bytes ?? 0)
  }

  #find(port: number): number {
    return this.#peers.find(this.#a, this.#b, this.#c, this.#d, port)
  }

  #read(address: Address): void {
    if (address.family === "ipv4") {
      this.#a = 0
      this.#b = 0
      this.#c = 0xffff
      this.#d = address.value
      return
    }
    this.#a = address.a
    // A link-local address exists once on each interface, and its second word is 0.
    this.#b = (address.b ^ address.zone) >>> 0
    this.#c = address.c
    this.#d = address.d
  }

  #isValid(slot: number, now: number): boolean {
    if (!this.#peers.isPinned(slot)) return false
    if (now - this.#peers.timeOf(slot) <= validity) return true
    this.#peers.pin(slot, false)
    return false
  }

  /** True if a peer repeats what it sent, again and again, and only after answers, without a pause. */
  #isLoop(slot: number, data: Uint8Array, silence: number): boolean {
    const peers = this.#peers
    const hash = hashOf(data)
    const last = peers.get(slot, lastHash)
    // Two servers that answer each other with two different texts are a loop, too.
    const isRepeated = hash === last || hash === peers.get(slot, hashBefore)
    if (hash !== last) {
      peers.set(slot, hashBefore, last)
      peers.set(slot, lastHash, hash)
    }
    const wasAnswered = peers.get(slot, isAnswered) === 1
    peers.set(slot, isAnswered, 0)
    const count = isRepeated && silence < pause ? peers.get(slot, repeats) : 0
    // A datagram that was dropped has no answer, so the rest of a loop does not count on.
    peers.set(slot, repeats, wasAnswered && isRepeated ? count + 1 : count)
    return count >= maximumRepeats
  }
}

/** FNV-1a of the length and of the first bytes. */
const hashOf = (data: Uint8Array): number => {
  let hash = 0x811c9dc5 ^ data.length
  const end = Math.min(data.length, comparedBytes)
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ (data[i] ?? 0), 0x01000193)
  // Not 0, the value of a new row.
  return (hash >>> 0) + 1
}

/** A limit of the responses per second to each prefix of addresses, as name servers have it (RRL of NSD and BIND). */
import { PeerTable } from "./peerTable.ts"

/**
 * Settings of a response-rate limit, all given.
 *
 * @category servers
 * @since 0.1.0
 */
export interface Rate {
  /** Responses per second to one prefix. */
  readonly perSecond: number
  /** Every so many limited requests, one is handled, and its response may be as long as the request. 0: none. */
  readonly slip: number
  /** Length of an IPv4 prefix in bits, 1 to 32. */
  readonly ipv4Prefix: number
  /** Length of an IPv6 prefix in bits, 1 to 64. */
  readonly ipv6Prefix: number
}

/** Share of a second whose responses may be sent at once. */
const burst = 0.25
/** Maximum number of prefixes. With more, new ones begin with the tokens of the ones that they replace. */
const maximumPrefixes = 65_536
/** Bytes of slipped requests that wait for their responses. */
const maximumSlip = 65_535

const tokens = 0
const slipBytes = 1
const limitedCount = 2
const columns = 3

/**
 * Token buckets for prefixes.
 *
 * @category servers
 * @since 0.1.0
 */
export class ResponseRate {
  readonly #rate: Rate
  readonly #capacity: number
  readonly #mask4: number
  readonly #maskA: number
  readonly #maskB: number
  readonly #buckets: PeerTable

  constructor(rate: Rate, seed: number) {
    this.#rate = rate
    this.#capacity = Math.max(1, rate.perSecond * burst)
    this.#mask4 = maskOf(rate.ipv4Prefix)
    this.#maskA = maskOf(Math.min(rate.ipv6Prefix, 32))
    this.#maskB = maskOf(Math.max(rate.ipv6Prefix - 32, 0))
    this.#buckets = new PeerTable(columns, maximumPrefixes, seed)
  }

  /**
   * Decides about a request by its address. IPv4 addresses are mapped ones: the words 0, 0, 0xffff and the address. Returns 0 if the request is
   * refused, 1 if its response has room now, and 2 if it is handled although it has none.
   */
  request(a: number, b: number, c: number, d: number, now: number, bytes: number): 0 | 1 | 2 {
    const slot = this.#bucket(a, b, c, d, now, true)
    if (this.#buckets.get(slot, tokens) >= 1) return 1
    const { slip } = this.#rate
    if (slip === 0) return 0
    const count = this.#buckets.get(slot, limitedCount) + 1
    this.#buckets.set(slot, limitedCount, count % slip)
    if (count < slip) return 0
    this.#buckets.set(slot, slipBytes, Math.min(maximumSlip, this.#buckets.get(slot, slipBytes) + bytes))
    return 2
  }

  /** Takes the room of `datagrams` responses of `bytes` together. Returns false if there is no room. */
  respond(a: number, b: number, c: number, d: number, now: number, bytes: number, datagrams: number): boolean {
    const slot = this.#bucket(a, b, c, d, now, false)
    // The prefix asked nothing, so this is not a response.
    if (slot < 0) return true
    const left = this.#buckets.get(slot, tokens)
    if (left >= datagrams) {
      this.#buckets.set(slot, tokens, left - datagrams)
      return true
    }
    const slipped = this.#buckets.get(slot, slipBytes)
    if (slipped < bytes || bytes === 0) return false
    this.#buckets.set(slot, slipBytes, slipped - bytes)
    return true
  }

  /** Returns the bytes of a response that would be sent now: `Infinity`, or those of slipped requests. */
  room(a: number, b: number, c: number, d: number, now: number): number {
    const slot = this.#bucket(a, b, c, d, now, false)
    if (slot < 0 || this.#buckets.get(slot, tokens) >= 1) return Infinity
    return this.#buckets.get(slot, slipBytes)
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#buckets.bytes
  }

  /** Returns the bucket of a prefix with its tokens of now, or -1. */
  #bucket(a: number, b: number, c: number, d: number, now: number, adds: boolean): number {
    const is4 = a === 0 && b === 0 && c === 0xffff
    const keyA = is4 ? 0 : (a & this.#maskA) >>> 0
    const keyB = is4 ? 0 : (b & this.#maskB) >>> 0
    const keyD = is4 ? (d & this.#mask4) >>> 0 : 0
    const keyC = is4 ? 0xffff : 0
    const table = this.#buckets
    if (!adds && table.find(keyA, keyB, keyC, keyD, 0) < 0) return -1
    const slot = table.claim(keyA, keyB, keyC, keyD, 0, now)
    if (table.isNew) {
      // A prefix that replaces another gets no more than that one had, so a flood of prefixes is no way around the limit.
      if (!table.isReplaced) table.set(slot, tokens, this.#capacity)
      table.set(slot, slipBytes, 0)
      table.set(slot, limitedCount, 0)
    }
    const passed = Math.max(0, now - table.timeBefore) / 1000
    table.set(slot, tokens, Math.min(this.#capacity, table.get(slot, tokens) + passed * this.#rate.perSecond))
    return slot
  }
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0)

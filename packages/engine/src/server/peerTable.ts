/**
 * A table of peers with bounded memory: typed arrays, in sets of eight places. If all places of a set are taken, the table grows up to its
 * limit, and then the peer that was silent for the longest time is replaced. Every step costs the same, however many peers there are.
 */

/** Places of a set. More would make full sets rarer, and each look slower. */
const ways = 8
/** 32-bit words of a key. */
const words = 5

/** The states of a place. */
const free = 0
const used = 1
const pinned = 2

/**
 * A map from keys of five 32-bit words to rows of numbers.
 *
 * @category servers
 * @since 0.1.0
 */
export class PeerTable {
  readonly #columns: number
  readonly #maximum: number
  readonly #seed: number
  #slots: number
  #keys: Uint32Array
  #states: Uint8Array
  #times: Float64Array
  #rows: Float64Array
  #size = 0
  /** True if the last `claim` made a new row, whose numbers are 0, or those of the row that it replaced. */
  isNew = false
  /** True if the last `claim` replaced another peer. Its numbers are still in the row. */
  isReplaced = false
  /** Time of the last activity before the last `claim`: that of the peer, or of the replaced one. Otherwise the time of the claim. */
  timeBefore = 0

  /**
   * `columns` numbers for each peer, and at most `maximum` peers, rounded up to a power of 2 of at least 8. A peer must not know `seed`, which
   * decides the set of each key.
   */
  constructor(columns: number, maximum: number, seed: number) {
    this.#columns = columns
    this.#maximum = Math.max(ways, 2 ** Math.ceil(Math.log2(maximum)))
    this.#seed = seed >>> 0
    this.#slots = Math.min(this.#maximum, 64)
    this.#keys = new Uint32Array(this.#slots * words)
    this.#states = new Uint8Array(this.#slots)
    this.#times = new Float64Array(this.#slots)
    this.#rows = new Float64Array(this.#slots * columns)
  }

  /** Number of peers. */
  get size(): number {
    return this.#size
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.#keys.byteLength + this.#states.byteLength + this.#times.byteLength + this.#rows.byteLength
  }

  /** Returns the place of a key, or -1. */
  find(a: number, b: number, c: number, d: number, e: number): number {
    const first = this.#first(a, b, c, d, e)
    for (let slot = first; slot < first + ways; slot++) if (this.#is(slot, a, b, c, d, e)) return slot
    return -1
  }

  /** Returns the place of a key, which is added if it is missing, and sets the time of its last activity. */
  claim(a: number, b: number, c: number, d: number, e: number, now: number): number {
    for (;;) {
      const first = this.#first(a, b, c, d, e)
      let place = -1
      for (let slot = first; slot < first + ways; slot++) {
        if (this.#is(slot, a, b, c, d, e)) {
          this.timeBefore = this.timeOf(slot)
          this.#times[slot] = now
          this.isNew = false
          this.isReplaced = false
          return slot
        }
        if (place < 0 || this.#isBefore(slot, place)) place = slot
      }
      const state = this.#states[place]
      if (state !== free && this.#slots < this.#maximum) {
        this.#grow()
        continue
      }
      this.isNew = true
      this.isReplaced = state !== free
      this.timeBefore = this.isReplaced ? this.timeOf(place) : now
      if (!this.isReplaced) this.#size++
      this.#write(place, a, b, c, d, e)
      this.#states[place] = used
      this.#times[place] = now
      return place
    }
  }

  /** Protects a peer from being replaced while the set has others. */
  pin(slot: number, pins: boolean): void {
    this.#states[slot] = pins ? pinned : used
  }
  isPinned(slot: number): boolean {
    return this.#states[slot] === pinned
  }

  timeOf(slot: number): number {
    return this.#times[slot] ?? 0
  }
  get(slot: number, column: number): number {
    return this.#rows[slot * this.#columns + column] ?? 0
  }
  set(slot: number, column: number, value: number): void {
    this.#rows[slot * this.#columns + column] = value
  }

  /** True if a place is better to be taken than another: free places first, then the oldest without a pin. */
  #isBefore(slot: number, other: number): boolean {
    const one = this.#states[slot] ?? free
    const two = this.#states[other] ?? free
    return one === two ? (this.#times[slot] ?? 0) < (this.#times[other] ?? 0) : one < two
  }

  #is(slot: number, a: number, b: number, c: number, d: number, e: number): boolean {
    if (this.#states[slot] === free) return false
    const at = slot * words
    const keys = this.#keys
    // The last words differ most often.
    return keys[at + 4] === e && keys[at + 3] === d && keys[at + 2] === c && keys[at + 1] === b && keys[at] === a
  }

  #write(slot: number, a: number, b: number, c: number, d: number, e: number): void {
    const at = slot * words
    this.#keys[at] = a
    this.#keys[at + 1] = b
    this.#keys[at + 2] = c
    this.#keys[at + 3] = d
    this.#keys[at + 4] = e
  }

  /** Returns the first place of a key's set. */
  #first(a: number, b: number, c: number, d: number, e: number): number {
    let hash = this.#seed
    hash = mix(hash ^ a)
    hash = mix(hash ^ b)
    hash = mix(hash ^ c)
    hash = mix(hash ^ d)
    hash = mix(hash ^ e)
    return (hash & (this.#slots / ways - 1)) * ways
  }

  /** Doubles the places. No peer is lost, because each set becomes two. */
  #grow(): void {
    const [keys, states, times, rows] = [this.#keys, this.#states, this.#times, this.#rows]
    const before = this.#slots
    this.#slots *= 2
    this.#keys = new Uint32Array(this.#slots * words)
    this.#states = new Uint8Array(this.#slots)
    this.#times = new Float64Array(this.#slots)
    this.#rows = new Float64Array(this.#slots * this.#columns)
    for (let slot = 0; slot < before; slot++) {
      const state = states[slot] ?? free
      if (state === free) continue
      const at = slot * words
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = keys.subarray(at, at + words)
      let place = this.#first(a, b, c, d, e)
      while (this.#states[place] !== free) place++
      this.#write(place, a, b, c, d, e)
      this.#states[place] = state
      this.#times[place] = times[slot] ?? 0
      for (let column = 0; column < this.#columns; column++)
        this.set(place, column, rows[slot * this.#columns + column] ?? 0)
    }
  }
}

/** A bijection of 32-bit numbers whose every bit depends on every bit. Source: Chris Wellons, "lowbias32". */
const mix = (value: number): number => {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
  return hash ^ (hash >>> 16)
}

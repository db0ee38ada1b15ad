/** Things in the order of their last activity, the oldest first. Every step costs the same, however many there are. */

/**
 * An entry of an `AgeList`. One entry belongs to at most one list.
 *
 * @category servers
 * @since 0.1.0
 */
export interface Aged<N> {
  /** Time of the last activity, in milliseconds of the list's clock. */
  time: number
  older: N | undefined
  newer: N | undefined
}

/**
 * A list of entries by age. The entries hold the links, so a list of 100,000 entries has no memory of its own.
 *
 * @category servers
 * @since 0.1.0
 */
export class AgeList<N extends Aged<N>> {
  #oldest: N | undefined
  #newest: N | undefined
  #size = 0

  get oldest(): N | undefined {
    return this.#oldest
  }
  get size(): number {
    return this.#size
  }

  /** Adds an entry as the newest. It must not be in a list. */
  add(entry: N, time: number): void {
    entry.time = time
    entry.older = this.#newest
    entry.newer = undefined
    if (this.#newest === undefined) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#size++
  }

  /** Removes an entry. Returns false if it is not in this list. */
  remove(entry: N): boolean {
    const { newer, older } = entry
    if (older === undefined ? this.#oldest !== entry : older.newer !== entry) return false
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    entry.older = undefined
    entry.newer = undefined
    this.#size--
    return true
  }

  /** Makes an entry of the list the newest. */
  touch(entry: N, time: number): void {
    if (this.#newest === entry) entry.time = time
    else if (this.remove(entry)) this.add(entry, time)
  }

  /**
   * Removes and returns the oldest entry if its last activity was `limit` milliseconds ago or earlier. A clock that was set back makes entries
   * younger, never older.
   */
  takeExpired(now: number, limit: number): N | undefined {
    const oldest = this.#oldest
    if (oldest === undefined || now - oldest.time < limit) return undefined
    this.remove(oldest)
    return oldest
  }

  /** Milliseconds until the oldest entry is `limit` old, 0 or more. `undefined` if the list is empty. */
  untilExpired(now: number, limit: number): number | undefined {
    // A clock that was set back by hours does not make entries wait for hours.
    return this.#oldest === undefined ? undefined : Math.min(limit, Math.max(0, this.#oldest.time + limit - now))
  }
}

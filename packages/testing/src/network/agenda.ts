/** The tasks of a network, by time. One wake-up of the clock is outstanding: that of the earliest entry. */
import type { NetworkClock } from "./clock.ts"

interface Entry {
  readonly time: bigint
  /** Entries of the same time keep the order in which they were made. */
  readonly order: number
  readonly task: () => void
}

const isBefore = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order)

export class Agenda {
  readonly #clock: NetworkClock
  /** A binary heap. */
  readonly #entries: Array<Entry> = []
  #made = 0
  #wakeTime: bigint | undefined
  #reached = 0n
  #cancel: () => void = () => {}

  constructor(clock: NetworkClock) {
    this.#clock = clock
  }

  /** A clock of milliseconds may show less than the time that it was to wake at. The time never goes back. */
  get now(): bigint {
    const now = this.#clock.now()
    if (now > this.#reached) this.#reached = now
    return this.#reached
  }

  /** The time of the next entry. */
  get next(): bigint | undefined {
    return this.#entries[0]?.time
  }

  at(time: bigint, task: () => void): void {
    this.#push({ time, order: this.#made++, task })
    this.#arm()
  }

  #run(time: bigint): void {
    this.#wakeTime = undefined
    if (time > this.#reached) this.#reached = time
    for (let next = this.#entries[0]; next !== undefined && next.time <= this.now; next = this.#entries[0]) {
      this.#pop()
      next.task()
    }
    this.#arm()
  }

  #arm(): void {
    const time = this.#entries[0]?.time
    if (time === undefined || (this.#wakeTime !== undefined && this.#wakeTime <= time)) return
    this.#cancel()
    this.#wakeTime = time
    this.#cancel = this.#clock.at(time, () => this.#run(time))
  }

  #push(entry: Entry): void {
    const heap = this.#entries
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(entry, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#entries
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      let child = heap[below]
      const right = heap[below + 1]
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right
        below++
      }
      if (child === undefined || !isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

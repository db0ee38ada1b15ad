/**
 * Number of datagrams that a reader requests with one call. A call for more searches for a second datagram without success if datagrams come
 * one by one, which costs a third of its time (Linux).
 */
import { batchSlots } from "./incoming.ts"

/** Number of wake-ups in a row with a single datagram after which a reader requests only one. */
const singlesBeforeProbing = 2
/** Number of such wake-ups after which a call requests more again. */
const probeInterval = 4

export class Pace {
  /** Wake-ups in a row with one datagram. Those that requested only one are counted beyond `singlesBeforeProbing`. */
  #single = 0
  /** Datagrams that were taken one by one since a call found none. */
  #inRow = 0
  readonly #batches: boolean

  /** `batches`: true if one call receives several datagrams. Otherwise a call for more costs nothing more. */
  constructor(batches: boolean) {
    this.#batches = batches
  }

  /** Slots of the next call. */
  get slots(): number {
    return this.#single < singlesBeforeProbing || this.#single === singlesBeforeProbing + probeInterval ? batchSlots : 1
  }

  /** Records the number of datagrams that a wake-up brought. */
  note(count: number): void {
    if (!this.#batches) return
    if (count > 1) this.#single = 0
    else this.#single = this.#single === singlesBeforeProbing + probeInterval ? singlesBeforeProbing : this.#single + 1
  }

  /** Records the result of a call for one datagram. Returns true if it was probably the last, because wake-ups bring only one. */
  one(count: number): boolean {
    const single = this.slots === 1
    if (count > 0 && !single) this.#inRow++
    else if (count > 0 || this.#inRow > 0) {
      this.note(count > 0 ? 1 : this.#inRow)
      this.#inRow = 0
    }
    return count > 0 && single
  }
}

/**
 * A count of arriving datagrams, with a gauge that runs until the last of them.
 */
import type { Gauge } from "./gauge.ts"

/** Milliseconds until missing datagrams are an error. They were lost or not read, and the round would wait for ever. */
const patience = 20_000

/** Counts datagrams, and reads the gauge before the first and with the last of them, in the reader's own turn. */
export class Arrivals {
  readonly #gauge: Gauge
  #left = 0
  #settle: (read: ReadonlyArray<number>) => void = () => undefined

  constructor(gauge: Gauge) {
    this.#gauge = gauge
  }

  count(datagrams: number): void {
    this.#left -= datagrams
    if (this.#left === 0) this.#settle(this.#gauge.end())
  }

  /** Waits until so many datagrams have arrived, and returns the readings of the gauge. */
  until(expected: number): Promise<ReadonlyArray<number>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () =>
          reject(new Error(`${this.#left} of ${expected} datagrams did not arrive: the receive buffer is too small`)),
        patience
      )
      this.#settle = (read) => {
        clearTimeout(timer)
        resolve(read)
      }
      this.#left = expected
      this.#gauge.begin()
    })
  }
}

/** Waits for the next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume))

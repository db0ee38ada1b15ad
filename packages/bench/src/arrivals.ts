/**
 * What is read while a number of datagrams arrives: the time, the system calls, the memory.
 */
import { getHeapStatistics } from "node:v8"

/** Something that only grows. */
export type Gauge = () => number

const wall: Gauge = () => performance.now() * 1e6

/** What the process used of the processors, its threads that compile and collect among them. */
const processor: Gauge = () => {
  const { system, user } = process.cpuUsage()
  return (system + user) * 1000
}

/**
 * In nanoseconds. ANCILLARY_CLOCK=processor leaves out what other programs take away, here and in the peers: for work that never waits, on a machine
 * that is not one's own.
 */
export const clock: Gauge = process.env["ANCILLARY_CLOCK"] === "processor" ? processor : wall

/** Bytes of the heap and of buffers outside it. It falls where garbage is collected: take the median of many small differences. */
export const memory: Gauge = () => {
  const { external_memory: external, used_heap_size: heap } = getHeapStatistics()
  return heap + external
}

/** Lost, or not read: the rounds would wait for ever. */
const patience = 5000

/** Counts what arrives, and reads the gauge before the first and with the last of it, in the reader's own turn. */
export class Arrivals {
  readonly #gauge: Gauge
  #left = 0
  #start = 0
  #settle: (read: number) => void = () => undefined

  constructor(gauge: Gauge) {
    this.#gauge = gauge
  }

  count(datagrams: number): void {
    this.#left -= datagrams
    if (this.#left === 0) this.#settle(this.#gauge() - this.#start)
  }

  /** From now until so many have arrived. */
  until(expected: number): Promise<number> {
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
      this.#start = this.#gauge()
    })
  }
}

/** A turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume))

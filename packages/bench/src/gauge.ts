/**
 * Gauges: the time, the page faults, the memory or the calls of a piece of work.
 */
import { getHeapStatistics } from "node:v8"
import { clock, minorFaults } from "./clock.ts"

export interface Gauge {
  readonly begin: () => void
  /** Returns one value for each reading, since `begin`. */
  readonly end: () => ReadonlyArray<number>
}

/** Measures the growth of one value. */
export const growth = (read: () => number): Gauge => {
  let start = 0
  return {
    begin: () => {
      start = read()
    },
    end: () => [read() - start]
  }
}

/** Measures time and minor faults. The faults are read outside of the clock. */
export const cost = (): Gauge => {
  let start = 0
  let faults = 0
  return {
    begin: () => {
      faults = minorFaults()
      start = clock()
    },
    end: () => {
      const elapsed = clock() - start
      return [elapsed, minorFaults() - faults]
    }
  }
}

/**
 * Measures bytes of the heap and of buffers outside of it. The value falls when garbage is collected: use the median of many small differences.
 */
export const allocated = (): Gauge =>
  growth(() => {
    const { external_memory: external, used_heap_size: heap } = getHeapStatistics()
    return heap + external
  })

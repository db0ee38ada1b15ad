/** The time of a network: of its delays, and of the stamps on datagrams. */
import { within } from "./faults.ts"

/** Every JavaScript host has these, but none of the types that this package compiles with declares them. */
declare const setTimeout: (task: () => void, milliseconds: number) => unknown
declare const clearTimeout: (timer: unknown) => void
declare const performance: { readonly timeOrigin: number; readonly now: () => number }

/**
 * A source of time that can also call back. Times are nanoseconds since 1970-01-01T00:00:00Z.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkClock {
  readonly now: () => bigint
  /** Calls `wake` once, at this time or later. Returns the function that cancels it. */
  readonly at: (time: bigint, wake: () => void) => () => void
}

/**
 * A clock that stands still until a program moves it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManualClock extends NetworkClock {
  /** Moves the time by so many milliseconds, and stops at each time that something waits for. */
  readonly advance: (milliseconds: number) => void
}

const nanoseconds = 1_000_000

/**
 * Converts milliseconds, which may have a fraction, to nanoseconds.
 *
 * @category conversions
 * @since 0.1.0
 */
export const fromMilliseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds * nanoseconds))

/** Longest delay of a timer in milliseconds. A longer one is over at once. */
const longestTimer = 0x7fffffff

/** Wall time when this module was loaded. From then on the monotonic clock counts, so that a step of the wall clock delays nothing. */
const origin = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n

/**
 * The time of the machine.
 *
 * @category clocks
 * @since 0.1.0
 */
export const systemClock: NetworkClock = {
  now: () => origin + fromMilliseconds(performance.now()),
  at: (time, wake) => {
    let timer: unknown
    const wait = () => {
      const left = Number(time - systemClock.now()) / nanoseconds
      if (left <= 0) wake()
      else timer = setTimeout(wait, Math.min(Math.ceil(left), longestTimer))
    }
    timer = setTimeout(wait, Math.max(0, Math.min(Number(time - systemClock.now()) / nanoseconds, longestTimer)))
    return () => clearTimeout(timer)
  }
}

/**
 * Makes a clock that a test moves. It begins at a number of milliseconds since 1970, 0 by default.
 *
 * @category clocks
 * @since 0.1.0
 */
export const manualClock = (start = 0): ManualClock => {
  within("start", start, Number.MAX_VALUE)
  let time = fromMilliseconds(start)
  let waiting: Array<{ readonly time: bigint; readonly wake: () => void }> = []
  return {
    now: () => time,
    at: (at, wake) => {
      const entry = { time: at, wake }
      // Behind all others of the same time, so that equal times keep their order.
      const index = waiting.findIndex((other) => other.time > at)
      waiting.splice(index < 0 ? waiting.length : index, 0, entry)
      return () => {
        waiting = waiting.filter((other) => other !== entry)
      }
    },
    advance: (milliseconds) => {
      within("milliseconds", milliseconds, Number.MAX_VALUE)
      const end = time + fromMilliseconds(milliseconds)
      for (let next = waiting[0]; next !== undefined && next.time <= end; next = waiting[0]) {
        waiting.shift()
        if (next.time > time) time = next.time
        next.wake()
      }
      time = end
    }
  }
}

/** A fiber that waits for the next of many times. One fiber waits, however many times there are. */
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** The longest time that a timer takes, in milliseconds. */
const longestSleep = 2 ** 31 - 1

export class Alarm {
  readonly #clock: Clock.Clock
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly #expire: (now: number) => number | undefined
  #fiber: Fiber.Fiber<void> | undefined
  /** Not the same as a fiber: a fork may end before it returns its fiber. */
  #isWaiting = false
  #isEnded = false

  /**
   * A wait ends with a call of `expire` with the time. It returns the milliseconds of the next wait, or `undefined` without one. `context` runs the
   * waits.
   */
  constructor(clock: Clock.Clock, context: Context.Context<never>, expire: (now: number) => number | undefined) {
    this.#clock = clock
    this.#fork = Effect.runForkWith(context)
    this.#expire = expire
  }

  /** Monotonic, in milliseconds, so a change of the wall clock moves no time. */
  now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e6
  }

  /** Waits for the next time, unless it does already. */
  begin(): void {
    if (this.#isWaiting || this.#isEnded) return
    this.#isWaiting = true
    this.#fiber = this.#fork(this.#wait)
  }

  readonly #wait: Effect.Effect<void> = Effect.suspend(() => {
    const rest = this.#isEnded ? undefined : this.#expire(this.now())
    if (rest === undefined) {
      this.#isWaiting = false
      return Effect.void
    }
    return Effect.andThen(
      this.#clock.sleep(Duration.millis(Math.min(Math.max(Math.ceil(rest), 1), longestSleep))),
      this.#wait
    )
  })

  /** Ends the wait, and every later one. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.#isEnded = true
    return this.#fiber === undefined ? Effect.void : Effect.sync(() => this.#fiber?.interruptUnsafe())
  })
}

/** A fiber that waits for the next of many times. One fiber waits, however many times there are. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import { RuntimeFlags } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** The longest time that a timer takes, in milliseconds. A longer sleep of Effect never ends. */
const longestSleep = 2 ** 31 - 1

export class Alarm {
  readonly #clock: Clock.Clock
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>
  readonly #expire: (now: number) => number | undefined
  #fiber: Fiber.RuntimeFiber<void> | undefined
  /** Not the same as a fiber: a fork may end before it returns its fiber. */
  #isWaiting = false
  #isEnded = false

  /**
   * A wait ends with a call of `expire` with the time. It returns the milliseconds of the next wait, or `undefined` without one. `runtime` runs the
   * waits.
   */
  constructor(clock: Clock.Clock, runtime: Runtime.Runtime<never>, expire: (now: number) => number | undefined) {
    this.#clock = clock
    this.#expire = expire
    // It may be the runtime of a fiber that cannot be interrupted.
    this.#fork = Runtime.runFork(Runtime.enableRuntimeFlag(runtime, RuntimeFlags.Interruption))
  }

  /** Monotonic, in milliseconds, so a change of the wall clock moves no time. */
  now(): number {
    return Number(this.#clock.unsafeCurrentTimeNanos()) / 1e6
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
    return Effect.zipRight(
      this.#clock.sleep(Duration.millis(Math.min(Math.max(Math.ceil(rest), 1), longestSleep))),
      this.#wait
    )
  })

  /** Ends the wait, and every later one. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.#isEnded = true
    return this.#fiber === undefined ? Effect.void : Fiber.interruptFork(this.#fiber)
  })
}

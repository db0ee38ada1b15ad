/** The time limit of a server's handlers. One fiber waits for the oldest handler, however many run. */
import { type Aged, AgeList } from "@ancillary/engine/server"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { FiberId } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** The deadline of one handler. */
export class Deadline implements Aged<Deadline> {
  time = 0
  older: Deadline | undefined
  newer: Deadline | undefined
  fiber: Fiber.RuntimeFiber<void> | undefined
  /** True if the handler was interrupted because its time was over. */
  isOver = false
}

export class TimeLimit {
  readonly #limit: number
  readonly #clock: Clock.Clock
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>
  readonly #running = new AgeList<Deadline>()
  #waiting: Fiber.RuntimeFiber<void> | undefined
  #isEnded = false

  /** `limit` in milliseconds. */
  constructor(limit: number, clock: Clock.Clock, fork: (effect: Effect.Effect<void>) => Fiber.RuntimeFiber<void>) {
    this.#limit = limit
    this.#clock = clock
    this.#fork = fork
  }

  /** Starts the time of a handler, unless it has ended without a wait. */
  begin(deadline: Deadline, fiber: Fiber.RuntimeFiber<void>): void {
    if (fiber.unsafePoll() !== null) return
    deadline.fiber = fiber
    this.#running.add(deadline, this.#now())
    if (this.#waiting === undefined && !this.#isEnded) this.#waiting = this.#fork(this.#wait)
  }

  /** Ends the time of a handler that has ended. */
  end(deadline: Deadline): void {
    this.#running.remove(deadline)
  }

  /** Monotonic, in milliseconds, so a change of the wall clock ends no handler. */
  #now(): number {
    return Number(this.#clock.unsafeCurrentTimeNanos()) / 1e6
  }

  readonly #wait: Effect.Effect<void> = Effect.suspend(() => {
    const now = this.#now()
    for (;;) {
      const late = this.#running.takeExpired(now, this.#limit)
      if (late === undefined) break
      late.isOver = true
      late.fiber?.unsafeInterruptAsFork(FiberId.none)
    }
    const rest = this.#running.untilExpired(now, this.#limit)
    if (rest === undefined) {
      this.#waiting = undefined
      return Effect.void
    }
    return Effect.zipRight(this.#clock.sleep(Duration.millis(Math.max(Math.ceil(rest), 1))), this.#wait)
  })

  /** Ends the wait. Handlers that still run have no limit any more. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.#isEnded = true
    return this.#waiting === undefined ? Effect.void : Fiber.interruptFork(this.#waiting)
  })
}

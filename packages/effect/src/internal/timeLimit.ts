/** The time limit of a server's handlers. One fiber waits for the oldest handler, however many run. */
import { type Aged, AgeList } from "@ancillary/engine/server"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { Alarm } from "./alarm.ts"

/** The deadline of one handler. */
export class Deadline implements Aged<Deadline> {
  time = 0
  older: Deadline | undefined
  newer: Deadline | undefined
  fiber: Fiber.Fiber<void> | undefined
  /** True if the handler was interrupted because its time was over. */
  isOver = false
}

export class TimeLimit {
  readonly #limit: number
  readonly #running = new AgeList<Deadline>()
  readonly #alarm: Alarm
  /** Ends the wait. Handlers that still run have no limit any more. */
  readonly close: Effect.Effect<void>

  /** `limit` in milliseconds. */
  constructor(limit: number, clock: Clock.Clock, context: Context.Context<never>) {
    this.#limit = limit
    this.#alarm = new Alarm(clock, context, (now) => this.#expire(now))
    this.close = this.#alarm.close
  }

  /** Starts the time of a handler, unless it has ended without a wait. */
  begin(deadline: Deadline, fiber: Fiber.Fiber<void>): void {
    if (fiber.pollUnsafe() !== undefined) return
    deadline.fiber = fiber
    this.#running.add(deadline, this.#alarm.now())
    this.#alarm.begin()
  }

  /** Ends the time of a handler that has ended. */
  end(deadline: Deadline): void {
    this.#running.remove(deadline)
  }

  /** Interrupts the handlers that are late. Returns the milliseconds until the next one is. */
  #expire(now: number): number | undefined {
    for (;;) {
      const late = this.#running.takeExpired(now, this.#limit)
      if (late === undefined) return this.#running.untilExpired(now, this.#limit)
      late.isOver = true
      late.fiber?.interruptUnsafe()
    }
  }
}

/** The time limit of a server's handlers. One fiber waits for the oldest handler, however many run. */
import { type Aged, AgeList } from "@ancillary/engine/server"
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Runtime from "effect/Runtime"
import { FiberId } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"
import { Alarm } from "./alarm.ts"

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
  readonly #running = new AgeList<Deadline>()
  readonly #alarm: Alarm
  /** Ends the wait. Handlers that still run have no limit any more. */
  readonly close: Effect.Effect<void>

  /** `limit` in milliseconds. */
  constructor(limit: number, clock: Clock.Clock, runtime: Runtime.Runtime<never>) {
    this.#limit = limit
    this.#alarm = new Alarm(clock, runtime, (now) => this.#expire(now))
    this.close = this.#alarm.close
  }

  /** Starts the time of a handler, unless it has ended without a wait. */
  begin(deadline: Deadline, fiber: Fiber.RuntimeFiber<void>): void {
    if (fiber.unsafePoll() !== null) return
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
      late.fiber?.unsafeInterruptAsFork(FiberId.none)
    }
  }
}

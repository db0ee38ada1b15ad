/** The handlers that a server runs, and their end with the server. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { quietly } from "./failures.ts"

/**
 * Handlers that ran when a server began to stop.
 *
 * @category models
 * @since 0.1.0
 */
export interface StopReport {
  /** Handlers that ended within `shutdown`. */
  readonly finished: number
  /** Handlers that did not, and ended when they were interrupted. */
  readonly interrupted: number
  /** Handlers that did not end when they were interrupted. The server did not wait any longer for them. */
  readonly abandoned: number
}

/** Minimum time for interrupted handlers to release their resources. */
export const leave = Duration.seconds(5)

export class Handlers {
  readonly #running = new Set<Fiber.Fiber<void>>()

  /** Runs a handler in a fiber of its own. */
  run<R>(handler: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> {
    return Effect.map(Effect.forkDetach(handler, { startImmediately: true, uninterruptible: true }), (fiber) =>
      this.add(fiber)
    )
  }

  /** Adds the fiber of a handler, unless the handler has ended without a wait. */
  add(fiber: Fiber.Fiber<void>): void {
    if (fiber.pollUnsafe() !== undefined) return
    this.#running.add(fiber)
    fiber.addObserver(() => this.#running.delete(fiber))
  }

  /**
   * Waits for the handlers, then interrupts those that still run and waits for them as long again. A handler that does not end then is
   * abandoned, so it cannot block the end of the server. Returns the numbers of each.
   *
   * A handler that closes its own server is not waited for, because it waits for this.
   */
  end(shutdown: Duration.Duration): Effect.Effect<StopReport> {
    return Effect.withFiber((me) => {
      const others = () => [...this.#running].filter((fiber) => !Object.is(fiber, me))
      const begun = others().length
      // A finalizer cannot be interrupted, and neither could its wait. The wait is made interruptible for the time limit.
      const within = (limit: Duration.Duration) =>
        Effect.timeoutOption(Effect.interruptible(Effect.suspend(() => Fiber.awaitAll(others()))), limit)
      const report = (late: number) => {
        const abandoned = others().length
        return { finished: begun - late, interrupted: Math.max(0, late - abandoned), abandoned }
      }
      const interrupted = Effect.suspend(() => {
        const late = others()
        if (late.length === 0) return Effect.succeed(report(0))
        for (const fiber of late) fiber.interruptUnsafe(me.id)
        return Effect.map(within(Duration.max(shutdown, leave)), () => report(late.length))
      })
      return Effect.tap(Effect.andThen(within(shutdown), interrupted), logged)
    })
  }
}

/** Logs that handlers were cut off, if some were. */
const logged = ({ abandoned, interrupted }: StopReport): Effect.Effect<void> => {
  if (abandoned > 0)
    return quietly(Effect.logWarning(`${abandoned} handlers of a server did not end when they were interrupted`))
  return interrupted > 0
    ? quietly(Effect.logWarning(`${interrupted} handlers of a server were interrupted, because it stopped`))
    : Effect.void
}

/** The handlers that a server runs, and their end with the server. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { quietly } from "./failures.ts"

/** Minimum time for interrupted handlers to release their resources. */
const leave = Duration.seconds(5)

export class Handlers {
  readonly #running = new Set<Fiber.RuntimeFiber<void>>()

  /** Runs a handler in a fiber of its own. */
  run<R>(handler: Effect.Effect<void, never, R>): Effect.Effect<void, never, R> {
    return Effect.map(Effect.forkDaemon(handler), (fiber) => this.add(fiber))
  }

  /** Adds the fiber of a handler, unless the handler has ended without a wait. */
  add(fiber: Fiber.RuntimeFiber<void>): void {
    if (fiber.unsafePoll() !== null) return
    this.#running.add(fiber)
    fiber.addObserver(() => this.#running.delete(fiber))
  }

  /**
   * Waits for the handlers, then interrupts those that still run and waits for them as long again. A handler that does not end then is
   * abandoned, so it cannot block the end of the server.
   *
   * A handler that closes its own server is not waited for, because it waits for this.
   */
  end(shutdown: Duration.Duration): Effect.Effect<void> {
    return Effect.withFiberRuntime((me) => {
      const others = () => [...this.#running].filter((fiber) => !Object.is(fiber, me))
      // A finalizer cannot be interrupted, and neither could its wait. The wait is made interruptible for the time limit.
      const within = (limit: Duration.Duration) =>
        Effect.timeoutOption(Effect.interruptible(Effect.suspend(() => Fiber.awaitAll(others()))), limit)
      const interrupted = Effect.suspend(() => {
        const late = others()
        if (late.length === 0) return Effect.void
        for (const fiber of late) fiber.unsafeInterruptAsFork(me.id())
        return Effect.zipRight(within(Duration.max(shutdown, leave)), left)
      })
      const left = Effect.suspend(() => {
        const count = others().length
        return count === 0
          ? Effect.void
          : quietly(Effect.logWarning(`${count} handlers of a server did not end when they were interrupted`))
      })
      return Effect.zipRight(within(shutdown), interrupted)
    })
  }
}

import { FailureKinds } from "@ancillary/engine/socket"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"

/** The kinds of failures that a server's handlers have had. */
export class Failures {
  readonly #kinds = new FailureKinds()

  /** Logs the first failure of each kind. It never fails, although a logger may throw. */
  log(message: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return this.#kinds.isNew(squashed(cause)) ? quietly(Effect.logError(message, cause)) : Effect.void
  }
}

/** Returns an effect that only logs, and ignores exceptions of the logger. */
export const quietly = (logging: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchCause(logging, () => Effect.void)

/** An error of the program may throw when it is read. */
const squashed = (cause: Cause.Cause<unknown>): unknown => {
  try {
    return Cause.squash(cause)
  } catch {
    return cause
  }
}

import { Cause, Effect } from "effect"

/** A handler's failures are logged once for each of so many kinds: a peer that makes new ones does not fill the log. */
const maximumKinds = 64

/** What an error may have that makes it one of a kind. Its message is not among them, because it may repeat what a peer sent. */
const marks = ["_tag", "name", "reason", "code"] as const

/** The kinds of failures that a server's handlers have had. */
export class Failures {
  readonly #kinds = new Set<string>()

  /** Logs the first failure of each kind. Never fails: a logger may throw. */
  log(message: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    const kind = kindOf(cause)
    if (this.#kinds.has(kind) || this.#kinds.size >= maximumKinds) return Effect.void
    this.#kinds.add(kind)
    return quietly(Effect.logError(message, cause))
  }
}

/** An effect that only logs, without what its logger throws. */
export const quietly = (logging: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchAllCause(logging, () => Effect.void)

const kindOf = (cause: Cause.Cause<unknown>): string => {
  try {
    const error = Cause.squash(cause)
    if (typeof error !== "object" || error === null) return typeof error
    const kind = marks.map((mark) => String(Reflect.get(error, mark)))
    // Errors of one class differ by where they were thrown.
    const stack: unknown = Reflect.get(error, "stack")
    return [...kind, typeof stack === "string" ? (/^\s+at .*$/m.exec(stack)?.[0] ?? "") : ""].join(" ")
  } catch {
    return "an error that cannot be read"
  }
}

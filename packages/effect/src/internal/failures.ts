import { Cause, Effect } from "effect"

/** Maximum number of kinds of failures that are logged, each once. A peer that causes new kinds therefore does not fill the log. */
const maximumKinds = 64

/** Fields of an error that identify its kind. Its message is not among them, because it may repeat data of a peer. */
const marks = ["_tag", "name", "reason", "code"] as const

/** The kinds of failures that a server's handlers have had. */
export class Failures {
  readonly #kinds = new Set<string>()

  /** Logs the first failure of each kind. It never fails, although a logger may throw. */
  log(message: string, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    const kind = kindOf(cause)
    if (this.#kinds.has(kind) || this.#kinds.size >= maximumKinds) return Effect.void
    this.#kinds.add(kind)
    return quietly(Effect.logError(message, cause))
  }
}

/** Returns an effect that only logs, and ignores exceptions of the logger. */
export const quietly = (logging: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.catchCause(logging, () => Effect.void)

const kindOf = (cause: Cause.Cause<unknown>): string => {
  try {
    const error = Cause.squash(cause)
    if (typeof error !== "object" || error === null) return typeof error
    const kind = marks.map((mark) => String(Reflect.get(error, mark)))
    // Errors of one class differ by the place where they were thrown.
    const stack: unknown = Reflect.get(error, "stack")
    return [...kind, typeof stack === "string" ? (/^\s+at .*$/m.exec(stack)?.[0] ?? "") : ""].join(" ")
  } catch {
    return "an error that cannot be read"
  }
}

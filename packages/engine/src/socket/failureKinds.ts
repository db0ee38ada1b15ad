/** Kinds of failures that a server's handlers had, so that each is logged once. */

/** Maximum number of kinds that are logged. A peer that causes new kinds therefore does not fill the log. */
const maximumKinds = 64

/** Fields of an error that identify its kind. Its message is not among them, because it may repeat data of a peer. */
const marks = ["_tag", "name", "reason", "code"] as const

/**
 * Kinds of failures that were seen.
 *
 * @category sockets
 * @since 0.1.0
 */
export class FailureKinds {
  readonly #kinds = new Set<string>()

  /** Returns true if an error is the first of its kind. Returns false after 64 kinds. */
  isNew(error: unknown): boolean {
    const kind = kindOf(error)
    if (this.#kinds.has(kind) || this.#kinds.size >= maximumKinds) return false
    this.#kinds.add(kind)
    return true
  }
}

const kindOf = (error: unknown): string => {
  try {
    if (typeof error !== "object" || error === null) return typeof error
    const kind = marks.map((mark) => String(Reflect.get(error, mark)))
    // Errors of one class differ by the place where they were thrown.
    const stack: unknown = Reflect.get(error, "stack")
    return [...kind, typeof stack === "string" ? (/^\s+at .*$/m.exec(stack)?.[0] ?? "") : ""].join(" ")
  } catch {
    return "an error that cannot be read"
  }
}

import { Duration, Option } from "effect"

/** Reads a duration that a program gave; returns `undefined` for one that is negative, not a number, not a duration, or throws when it is read. */
export const durationOf = (given: unknown): Duration.Duration | undefined => {
  try {
    return read(given)
  } catch {
    return undefined
  }
}

const read = (given: unknown): Duration.Duration | undefined => {
  // Effect's decoder makes zero of these.
  const parts = Array.isArray(given) ? given : [given]
  if (parts.some((part) => (typeof part === "number" || typeof part === "bigint") && !(part >= 0))) return undefined
  if (typeof given === "string" && given.trimStart().startsWith("-")) return undefined
  const decoded = Option.getOrUndefined(Duration.decodeUnknown(given))
  if (decoded === undefined) return undefined
  // Read once: a proxy passes for a duration, and answers otherwise the next time.
  const millis: unknown = Duration.toMillis(decoded)
  return typeof millis === "number" && millis >= 0 ? Duration.millis(millis) : undefined
}

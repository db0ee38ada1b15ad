import type { DurationReader } from "@ancillary/engine/server"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/**
 * Reads a duration that a program gave. Returns `undefined` if it is negative, not a number or not a duration, or if it throws when it is
 * read.
 */
export const durationOf = (given: unknown): Duration.Duration | undefined => {
  try {
    return read(given)
  } catch {
    return undefined
  }
}

/** The reader of the engine's settings. */
export const durations: DurationReader<Duration.Duration> = {
  read: durationOf,
  ofMillis: Duration.millis,
  toMillis: Duration.toMillis,
  format: Duration.format,
  range: "a duration of 0 or more",
  rangeAbove: "a duration above 0"
}

const read = (given: unknown): Duration.Duration | undefined => {
  // Effect's decoder converts these to zero.
  const parts = Array.isArray(given) ? given : [given]
  if (parts.some((part) => (typeof part === "number" || typeof part === "bigint") && !(part >= 0))) return undefined
  if (typeof given === "string" && given.trimStart().startsWith("-")) return undefined
  const decoded = Option.getOrUndefined(Duration.decodeUnknown(given))
  if (decoded === undefined) return undefined
  // Read once, because a proxy may return another value the next time.
  const millis: unknown = Duration.toMillis(decoded)
  return typeof millis === "number" && millis >= 0 ? Duration.millis(millis) : undefined
}

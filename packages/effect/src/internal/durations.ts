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
  if (isRecord(given) && !isDurationRecord(given)) return undefined
  const decoded = Option.getOrUndefined(Duration.fromInput(given as Duration.Input))
  if (decoded === undefined) return undefined
  // Read once, because a proxy may return another value the next time.
  const millis: unknown = Duration.toMillis(decoded)
  return typeof millis === "number" && millis >= 0 ? Duration.millis(millis) : undefined
}

const isRecord = (given: unknown): given is object =>
  typeof given === "object" && given !== null && !Array.isArray(given) && !Duration.isDuration(given)

const units = new Set(["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"])

/** True for a record such as `{ seconds: 2 }`. Effect's decoder makes zero of every other record. */
const isDurationRecord = (given: object): boolean => {
  const entries = Object.entries(given)
  return (
    entries.length > 0 &&
    entries.every(
      ([unit, value]) => units.has(unit) && (value === undefined || (typeof value === "number" && value >= 0))
    )
  )
}

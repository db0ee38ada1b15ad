import { Duration, Option } from "effect"

/** Reads a duration that a program gave; returns `undefined` for one that is negative, not a number, or not a duration. */
export const durationOf = (given: unknown): Duration.Duration | undefined => {
  // Effect's decoder makes zero of these.
  const parts = Array.isArray(given) ? given : [given]
  if (parts.some((part) => (typeof part === "number" || typeof part === "bigint") && !(part >= 0))) return undefined
  if (typeof given === "string" && given.trimStart().startsWith("-")) return undefined
  return Option.getOrUndefined(Duration.decodeUnknown(given))
}

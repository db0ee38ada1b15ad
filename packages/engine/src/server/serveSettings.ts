/** The settings of a server that every face has, each read once and validated before anything is opened. */
import { Codec } from "@ancillary/control"
import type { Limits } from "./guard.ts"
import { type InvalidOption, invalidOption, isInvalidOption } from "./invalidOption.ts"
import { readLimits } from "./limitOptions.ts"

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

/**
 * The reader of durations, because each face has durations of its own.
 *
 * @category servers
 * @since 0.1.0
 */
export interface DurationReader<Duration> {
  /** Returns `undefined` for a value that is not a duration of 0 or more. */
  readonly read: (given: unknown) => Duration | undefined
  readonly ofMillis: (milliseconds: number) => Duration
  readonly toMillis: (duration: Duration) => number
  /** Text of a duration, for errors. */
  readonly format: (duration: Duration) => string
  /** Accepted values, for errors: all of them, and those above 0. */
  readonly range: string
  readonly rangeAbove: string
}

/** Reads a duration that may be left out. Returns the reason if it is refused. */
const readDuration = <Duration extends object | number>(
  option: string,
  given: unknown,
  milliseconds: number,
  reader: DurationReader<Duration>,
  least: "0 or more" | "above 0" = "0 or more"
): Duration | InvalidOption => {
  const standard = reader.ofMillis(milliseconds)
  const duration = given === undefined ? standard : reader.read(given)
  if (duration !== undefined && (least === "0 or more" || reader.toMillis(duration) > 0)) return duration
  const range = least === "0 or more" ? reader.range : reader.rangeAbove
  return invalidOption(option, given, range, reader.format(standard))
}

/**
 * Settings of a server.
 *
 * @category servers
 * @since 0.1.0
 */
export interface ServeSettings<Duration> {
  readonly concurrency: number
  readonly overflow: "wait" | "drop"
  readonly shutdown: Duration
  readonly sendTimeout: Duration
  readonly timeLimit: Duration
  readonly limits: Limits
}

/**
 * Reads the settings of a server, each once. Returns the first invalid one with the reason. Getters may throw.
 *
 * @category servers
 * @since 0.1.0
 */
export const readServeSettings = <Duration extends object | number>(
  given: {
    readonly concurrency?: unknown
    readonly overflow?: unknown
    readonly shutdown?: unknown
    readonly sendTimeout?: unknown
    readonly timeLimit?: unknown
    readonly amplification?: unknown
    readonly responseRate?: unknown
    readonly loops?: unknown
  },
  durations: DurationReader<Duration>
): ServeSettings<Duration> | InvalidOption => {
  const { amplification, concurrency = 64, loops, overflow = "wait", responseRate } = given
  if (!Codec.isInteger(concurrency, 1, maximumHandlers))
    return invalidOption("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "64")
  if (overflow !== "wait" && overflow !== "drop")
    return invalidOption("overflow", overflow, `"wait" or "drop"`, `"wait"`)
  const limits = readLimits({ amplification, responseRate, loops })
  if (isInvalidOption(limits)) return limits
  const shutdown = readDuration("shutdown", given.shutdown, 5000, durations)
  if (isInvalidOption(shutdown)) return shutdown
  const sendTimeout = readDuration("sendTimeout", given.sendTimeout, 0, durations)
  if (isInvalidOption(sendTimeout)) return sendTimeout
  const timeLimit = readDuration("timeLimit", given.timeLimit, Infinity, durations, "above 0")
  if (isInvalidOption(timeLimit)) return timeLimit
  return { concurrency, overflow, shutdown, sendTimeout, timeLimit, limits }
}

/**
 * Times and limits of a server with sessions.
 *
 * @category servers
 * @since 0.1.0
 */
export interface SessionTimes<Duration> {
  readonly idle: Duration
  readonly shutdown: Duration
  readonly limits: Limits
}

/**
 * Reads the times and limits of a server with sessions, each once. Returns the first invalid one with the reason. Getters may throw.
 *
 * @category servers
 * @since 0.1.0
 */
export const readSessionTimes = <Duration extends object | number>(
  given: {
    readonly idle?: unknown
    readonly shutdown?: unknown
    readonly amplification?: unknown
    readonly responseRate?: unknown
    readonly loops?: unknown
  },
  durations: DurationReader<Duration>
): SessionTimes<Duration> | InvalidOption => {
  const { amplification, loops, responseRate } = given
  const limits = readLimits({ amplification, responseRate, loops })
  if (isInvalidOption(limits)) return limits
  const idle = readDuration("idle", given.idle, 30_000, durations, "above 0")
  if (isInvalidOption(idle)) return idle
  const shutdown = readDuration("shutdown", given.shutdown, 5000, durations)
  if (isInvalidOption(shutdown)) return shutdown
  return { idle, shutdown, limits }
}

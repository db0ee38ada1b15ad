/** The options of a server, read once and validated before anything is opened. */
import { Codec, type EndpointInput, type Family } from "@ancillary/control"
import { type Limits, readLimits } from "@ancillary/engine/server"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type DatagramBindError, invalidBind } from "../DatagramError.ts"
import { durationOf } from "./durations.ts"
import type { StopReport } from "./handlers.ts"

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

export interface Checked {
  readonly concurrency: number
  readonly shutdown: Duration.Duration
  readonly sendTimeout: Duration.Duration
  readonly overflow: "wait" | "drop"
  readonly timeLimit: Duration.Duration
  readonly traced: boolean
  readonly onStop: ((report: StopReport) => Effect.Effect<void>) | undefined
  readonly limits: Limits
}

interface Given {
  readonly concurrency?: unknown
  readonly shutdown?: unknown
  readonly sendTimeout?: unknown
  readonly overflow?: unknown
  readonly timeLimit?: unknown
  readonly onStop?: unknown
  readonly traced?: unknown
  readonly amplification?: unknown
  readonly responseRate?: unknown
  readonly loops?: unknown
}

/** Fails with the first invalid option. */
export const checkOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  Effect.suspend(() => {
    if (given === undefined) return Effect.succeed(defaults)
    if (typeof given !== "object" || given === null)
      return Effect.fail(invalidBind(`options: ${Codec.format(given)} is not a record of options. Leave it out.`))
    try {
      const {
        amplification,
        concurrency = defaults.concurrency,
        loops,
        onStop,
        overflow = "wait",
        responseRate,
        sendTimeout,
        shutdown,
        timeLimit,
        traced = false
      } = given as Given
      if (!Codec.isInteger(concurrency, 1, maximumHandlers))
        return refused("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "64")
      if (overflow !== "wait" && overflow !== "drop") return refused("overflow", overflow, `"wait" or "drop"`, `"wait"`)
      if (typeof traced !== "boolean") return refused("traced", traced, "true or false", "false")
      if (onStop !== undefined && typeof onStop !== "function")
        return refused("onStop", onStop, "a function that returns an effect", "a log entry")
      const checked: { -readonly [K in keyof Checked]: Checked[K] } = {
        ...defaults,
        concurrency,
        overflow,
        traced,
        onStop: onStop as Checked["onStop"]
      }
      const limits = readLimits({ amplification, responseRate, loops })
      if ("message" in limits) return Effect.fail(invalidBind(limits.message, limits.option))
      checked.limits = limits
      const durations = [
        ["shutdown", shutdown],
        ["sendTimeout", sendTimeout],
        ["timeLimit", timeLimit]
      ] as const
      for (const [option, value] of durations) {
        if (value === undefined) continue
        const duration = durationOf(value)
        if (duration === undefined || (option === "timeLimit" && Duration.toMillis(duration) === 0))
          return refused(
            option,
            value,
            option === "timeLimit" ? "a duration above 0" : "a duration of 0 or more",
            Duration.format(defaults[option])
          )
        checked[option] = duration
      }
      return Effect.succeed(checked)
    } catch {
      return Effect.fail(invalidBind("options: reading them threw. Give a plain object.", "options"))
    }
  })

const defaults: Checked = {
  concurrency: 64,
  shutdown: Duration.seconds(5),
  sendTimeout: Duration.zero,
  overflow: "wait",
  timeLimit: Duration.infinity,
  traced: false,
  onStop: undefined,
  limits: { amplification: 3, responseRate: undefined, breaksLoops: true }
}

const refused = (option: string, value: unknown, range: string, otherwise: string) =>
  Effect.fail(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`, option))

/** Returns the addresses of a server. Fails if the value is not an array of at least one. */
export const checkAddresses = <F extends Family>(
  addresses: unknown
): Effect.Effect<ReadonlyArray<EndpointInput<F>>, DatagramBindError> =>
  Effect.suspend(() => {
    try {
      // `bind` checks each of them.
      if (Array.isArray(addresses) && addresses.length > 0)
        return Effect.succeed(Array.from<EndpointInput<F>>(addresses))
    } catch {
      // A proxy may throw.
    }
    return Effect.fail(
      invalidBind(`addresses: ${Codec.format(addresses)} is not an array of addresses. Give at least one.`, "addresses")
    )
  })

/** Fails if the value is not a socket. */
export const checkSocket = (socket: unknown): Effect.Effect<void, DatagramBindError> =>
  Effect.suspend(() =>
    isReadable(socket)
      ? Effect.void
      : Effect.fail(invalidBind(`socket: ${Codec.format(socket)} is not a socket. Give one that is bound.`, "socket"))
  )

const isReadable = (socket: unknown): boolean => {
  try {
    return (
      typeof socket === "object" &&
      socket !== null &&
      Effect.isEffect(Reflect.get(socket, "receive")) &&
      Effect.isEffect(Reflect.get(socket, "stats")) &&
      typeof Reflect.get(socket, "localAddress") === "object"
    )
  } catch {
    return false
  }
}

/** Fails if the value is not a function. */
export const checkHandler = (handler: unknown): Effect.Effect<void, DatagramBindError> =>
  typeof handler === "function"
    ? Effect.void
    : Effect.fail(
        invalidBind(`handler: ${Codec.format(handler)} is not a function. Give one that returns an effect.`, "handler")
      )

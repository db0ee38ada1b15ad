/** The options of a server, read once and validated before anything is opened. */
import { Codec } from "@ancillary/control"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type DatagramBindError, invalidBind } from "../DatagramError.ts"
import { durationOf } from "./durations.ts"

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

export interface Checked {
  readonly concurrency: number
  readonly shutdown: Duration.Duration
  readonly sendTimeout: Duration.Duration
}

interface Given {
  readonly concurrency?: unknown
  readonly shutdown?: unknown
  readonly sendTimeout?: unknown
}

/** Fails with the first invalid option. */
export const checkOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  Effect.suspend(() => {
    if (given === undefined) return Effect.succeed(defaults)
    if (typeof given !== "object" || given === null)
      return Effect.fail(invalidBind(`options: ${Codec.format(given)} is not a record of options. Leave it out.`))
    try {
      const { concurrency = defaults.concurrency, sendTimeout, shutdown } = given as Given
      if (!Codec.isInteger(concurrency, 1, maximumHandlers))
        return refused("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "64")
      const checked = { concurrency, shutdown: defaults.shutdown, sendTimeout: defaults.sendTimeout }
      for (const [option, value] of [["shutdown", shutdown] as const, ["sendTimeout", sendTimeout] as const]) {
        if (value === undefined) continue
        const duration = durationOf(value)
        if (duration === undefined)
          return refused(option, value, "a duration of 0 or more", Duration.format(defaults[option]))
        checked[option] = duration
      }
      return Effect.succeed<Checked>(checked)
    } catch {
      return Effect.fail(invalidBind("options: reading them threw. Give a plain object.", "options"))
    }
  })

const defaults: Checked = { concurrency: 64, shutdown: Duration.seconds(5), sendTimeout: Duration.zero }

const refused = (option: string, value: unknown, range: string, otherwise: string) =>
  Effect.fail(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`, option))

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

/** The options of a server, read once and validated before anything is opened. */
import { Codec, type EndpointInput, type Family } from "@ancillary/control"
import {
  type InvalidOption,
  invalidOption,
  isInvalidOption,
  readServeSettings,
  type ServeSettings
} from "@ancillary/engine/server"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { type DatagramBindError, invalidBind } from "../DatagramError.ts"
import { durations } from "./durations.ts"
import type { StopReport } from "./handlers.ts"

export interface Checked extends ServeSettings<Duration.Duration> {
  readonly traced: boolean
  readonly onStop: ((report: StopReport) => Effect.Effect<void>) | undefined
}

/** Options whose values are not settings of the engine. */
interface Reported {
  readonly traced?: unknown
  readonly onStop?: unknown
}

/** Fails with the first invalid option. */
export const checkOptions = (given: unknown): Effect.Effect<Checked, DatagramBindError> =>
  reading(given, (options) => {
    const settings = readServeSettings(options, durations)
    if (isInvalidOption(settings)) return settings
    const reported = readReported(options)
    return isInvalidOption(reported) ? reported : { ...settings, ...reported }
  })

/** Reads the options of a program, which may throw. Fails with the reason of an option that is refused. */
export const reading = <A extends object>(
  given: unknown,
  read: (options: object) => A | InvalidOption
): Effect.Effect<A, DatagramBindError> =>
  Effect.suspend(() => {
    const options = given === undefined ? {} : given
    if (typeof options !== "object" || options === null)
      return Effect.fail(invalidBind(`options: ${Codec.format(given)} is not a record of options. Leave it out.`))
    try {
      const result = read(options)
      return isInvalidOption(result) ? Effect.fail(invalidBind(result.message, result.option)) : Effect.succeed(result)
    } catch {
      return Effect.fail(invalidBind("options: reading them threw. Give a plain object.", "options"))
    }
  })

/** Reads whether a server is traced, and the function that gets its report when it stops. */
export const readReported = ({
  onStop,
  traced = false
}: Reported): Pick<Checked, "traced" | "onStop"> | InvalidOption => {
  if (typeof traced !== "boolean") return invalidOption("traced", traced, "true or false", "false")
  if (onStop !== undefined && typeof onStop !== "function")
    return invalidOption("onStop", onStop, "a function that returns an effect", "a log entry")
  return { traced, onStop: onStop as Checked["onStop"] }
}

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

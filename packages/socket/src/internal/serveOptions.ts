/** The options of a server, read once and validated before anything is opened. */
import { Codec, type Endpoint, type EndpointInput, type Family } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import {
  type DurationReader,
  type InvalidOption,
  invalidOption,
  isInvalidOption,
  readServeSettings,
  type ServeSettings
} from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import { type DatagramBindError, errorOf } from "../DatagramError.ts"
import { openSocketOf } from "./socket.ts"

/** Durations are milliseconds, and `Infinity` is no limit. */
export interface Checked extends ServeSettings<number> {
  readonly handler: (...given: ReadonlyArray<unknown>) => unknown
  readonly signal: AbortSignal | undefined
  readonly onError: ((error: unknown, from: Endpoint<Family>) => void) | undefined
}

const names = [
  "amplification",
  "concurrency",
  "loops",
  "onError",
  "overflow",
  "responseRate",
  "sendTimeout",
  "shutdown",
  "signal",
  "timeLimit"
] as const

/** Returns the checked options, or throws for the first invalid one. */
export const checkOptions = (handler: unknown, options: unknown): Checked => {
  if (typeof handler !== "function")
    throw invalid("handler", `${Codec.format(handler)} is not a function. Give one that takes a datagram.`)
  const given = recordOf(options, names)
  return {
    handler: handler as Checked["handler"],
    ...settingsOf(() => readServeSettings(given, milliseconds)),
    ...checkCallbacks(given)
  }
}

/** Returns settings that the engine reads, or throws the error of the option that is refused. */
export const settingsOf = <A extends object>(read: () => A | InvalidOption): A => {
  let settings: A | InvalidOption
  try {
    settings = read()
  } catch {
    throw invalid("options", "reading them threw. Give a plain object.")
  }
  if (isInvalidOption(settings)) throw errorOf(invalidBind(settings.message, settings.option))
  return settings
}

export const isDuration = (given: unknown): given is number => typeof given === "number" && given >= 0

/** The reader of the engine's settings. */
export const milliseconds: DurationReader<number> = {
  read: (given) => (isDuration(given) ? given : undefined),
  ofMillis: (given) => given,
  toMillis: (given) => given,
  format: String,
  range: "a number of milliseconds, 0 or more",
  rangeAbove: "a number of milliseconds above 0"
}

/** Reads the named options of a program, each once. The compiler may not have checked their values. */
export const recordOf = <Name extends string>(
  options: unknown,
  names: ReadonlyArray<Name>
): { readonly [name in Name]?: unknown } => {
  if (options === undefined) return {}
  if (typeof options !== "object" || options === null)
    throw errorOf(invalidBind(`options: ${Codec.format(options)} is not a record of options. Leave it out.`))
  try {
    const given: { [name in Name]?: unknown } = {}
    for (const name of names) given[name] = Reflect.get(options, name)
    return given
  } catch {
    throw invalid("options", "reading them threw. Give a plain object.")
  }
}

/** Checks the signal that stops a server, and the function that gets its failures. */
export const checkCallbacks = ({
  onError,
  signal
}: {
  readonly onError?: unknown
  readonly signal?: unknown
}): Pick<Checked, "onError" | "signal"> => {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw refused("signal", signal, "an AbortSignal", "none")
  if (onError !== undefined && typeof onError !== "function")
    throw refused("onError", onError, "a function", "console.error")
  return { signal, onError: onError as Checked["onError"] }
}

const refused = (...given: Parameters<typeof invalidOption>): DatagramBindError => {
  const { message, option } = invalidOption(...given)
  return errorOf(invalidBind(message, option))
}

/** The error of an argument. */
export const invalid = (option: string, why: string): DatagramBindError =>
  errorOf(invalidBind(`${option}: ${why}`, option))

/** Returns the addresses of a server, or throws if the value is not an array of at least one. */
export const checkAddresses = <F extends Family>(addresses: unknown): ReadonlyArray<EndpointInput<F>> => {
  try {
    // `bind` checks each of them.
    if (Array.isArray(addresses) && addresses.length > 0) return Array.from<EndpointInput<F>>(addresses)
  } catch {
    // A proxy may throw.
  }
  throw invalid("addresses", `${Codec.format(addresses)} is not an array of addresses. Give at least one.`)
}

/** Returns the engine's socket, or throws if the value is not a socket. */
export const checkSocket = (socket: unknown): OpenSocket => {
  const core = openSocketOf(socket)
  if (core === undefined) throw invalid("socket", `${Codec.format(socket)} is not a socket. Give one that is bound.`)
  return core
}

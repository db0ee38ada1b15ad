/** The options of a server, read once and validated before anything is opened. */
import { Codec, type Endpoint, type EndpointInput, type Family } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { type Limits, readLimits } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import { type DatagramBindError, errorOf } from "../DatagramError.ts"
import { openSocketOf } from "./socket.ts"

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

export interface Checked {
  readonly handler: (...given: ReadonlyArray<unknown>) => unknown
  readonly concurrency: number
  /** In milliseconds. */
  readonly shutdown: number
  readonly sendTimeout: number
  readonly overflow: "wait" | "drop"
  /** In milliseconds, `Infinity` without a limit. */
  readonly timeLimit: number
  readonly limits: Limits
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
  const { concurrency = 64, overflow = "wait", shutdown = 5000, sendTimeout = 0, timeLimit = Infinity } = given
  if (!Codec.isInteger(concurrency, 1, maximumHandlers))
    throw outOfRange("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "64")
  if (!isDuration(shutdown)) throw outOfRange("shutdown", shutdown, "a number of milliseconds, 0 or more", "5000")
  if (!isDuration(sendTimeout)) throw outOfRange("sendTimeout", sendTimeout, "a number of milliseconds, 0 or more", "0")
  if (overflow !== "wait" && overflow !== "drop") throw outOfRange("overflow", overflow, `"wait" or "drop"`, `"wait"`)
  if (!isDuration(timeLimit) || timeLimit === 0)
    throw outOfRange("timeLimit", timeLimit, "a number of milliseconds above 0", "Infinity")
  return {
    handler: handler as Checked["handler"],
    concurrency,
    shutdown,
    sendTimeout,
    overflow,
    timeLimit,
    limits: limitsOf(given),
    ...checkCallbacks(given)
  }
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
    throw outOfRange("signal", signal, "an AbortSignal", "none")
  if (onError !== undefined && typeof onError !== "function")
    throw outOfRange("onError", onError, "a function", "console.error")
  return { signal, onError: onError as Checked["onError"] }
}

export const limitsOf = (given: Parameters<typeof readLimits>[0]): Limits => {
  let limits: ReturnType<typeof readLimits>
  try {
    limits = readLimits(given)
  } catch {
    throw invalid("responseRate", "reading it threw. Give a plain object.")
  }
  if ("message" in limits) throw errorOf(invalidBind(limits.message, limits.option))
  return limits
}

export const isDuration = (given: unknown): given is number => typeof given === "number" && given >= 0

/** The error of an argument. */
export const invalid = (option: string, why: string): DatagramBindError =>
  errorOf(invalidBind(`${option}: ${why}`, option))

/** The error of an option that can be left out. */
export const outOfRange = (option: string, value: unknown, range: string, otherwise: string): DatagramBindError =>
  invalid(option, `${Codec.format(value)} is not ${range}. Leave it out for ${otherwise}.`)

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

/** The options of a server, read once and validated before anything is opened. */
import { Codec, type Endpoint, type EndpointInput, type Family } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { type Limits, readLimits } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
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

/** Values of a program that the compiler may not have checked. */
interface Given {
  readonly concurrency?: unknown
  readonly shutdown?: unknown
  readonly sendTimeout?: unknown
  readonly overflow?: unknown
  readonly timeLimit?: unknown
  readonly amplification?: unknown
  readonly responseRate?: unknown
  readonly loops?: unknown
  readonly signal?: unknown
  readonly onError?: unknown
}

/** Returns the checked options, or throws for the first invalid one. */
export const checkOptions = (handler: unknown, options: unknown): Checked => {
  if (typeof handler !== "function")
    throw invalid("handler", `${Codec.format(handler)} is not a function. Give one that takes a datagram.`)
  const given = read(options)
  const {
    concurrency = 64,
    onError,
    overflow = "wait",
    shutdown = 5000,
    sendTimeout = 0,
    signal,
    timeLimit = Infinity
  } = given
  if (!Codec.isInteger(concurrency, 1, maximumHandlers))
    throw outOfRange("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "64")
  if (!isDuration(shutdown)) throw outOfRange("shutdown", shutdown, "a number of milliseconds, 0 or more", "5000")
  if (!isDuration(sendTimeout)) throw outOfRange("sendTimeout", sendTimeout, "a number of milliseconds, 0 or more", "0")
  if (overflow !== "wait" && overflow !== "drop") throw outOfRange("overflow", overflow, `"wait" or "drop"`, `"wait"`)
  if (!isDuration(timeLimit) || timeLimit === 0)
    throw outOfRange("timeLimit", timeLimit, "a number of milliseconds above 0", "Infinity")
  const limits = limitsOf(given)
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw outOfRange("signal", signal, "an AbortSignal", "none")
  if (onError !== undefined && typeof onError !== "function")
    throw outOfRange("onError", onError, "a function", "console.error")
  return {
    handler: handler as Checked["handler"],
    concurrency,
    shutdown,
    sendTimeout,
    overflow,
    timeLimit,
    limits,
    signal,
    onError: onError as Checked["onError"]
  }
}

const read = (options: unknown): Given => {
  if (options === undefined) return {}
  if (typeof options !== "object" || options === null)
    throw errorOf(invalidBind(`options: ${Codec.format(options)} is not a record of options. Leave it out.`))
  try {
    const {
      amplification,
      concurrency,
      loops,
      onError,
      overflow,
      responseRate,
      sendTimeout,
      shutdown,
      signal,
      timeLimit
    } = options as Given
    return {
      amplification,
      concurrency,
      loops,
      onError,
      overflow,
      responseRate,
      sendTimeout,
      shutdown,
      signal,
      timeLimit
    }
  } catch {
    throw invalid("options", "reading them threw. Give a plain object.")
  }
}

const limitsOf = (given: Given): Limits => {
  let limits: ReturnType<typeof readLimits>
  try {
    limits = readLimits(given)
  } catch {
    throw invalid("responseRate", "reading it threw. Give a plain object.")
  }
  if ("message" in limits) throw errorOf(invalidBind(limits.message, limits.option))
  return limits
}

const isDuration = (given: unknown): given is number => typeof given === "number" && given >= 0

const invalid = (option: string, why: string) => errorOf(invalidBind(`${option}: ${why}`, option))

const outOfRange = (option: string, value: unknown, range: string, otherwise: string) =>
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

/** The options of a server in several processes, read once and checked before anything is bound or started. */
import { Codec } from "@ancillary/control"
import { type DatagramBindError, invalidBind } from "@ancillary/engine/errors/DatagramError"
import type { WorkersStart } from "./startWorkers.ts"

/**
 * Options that are valid. Times are in milliseconds. `restart` is the value that the face accepted, and `workers` is checked with the platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface CheckedWorkers extends Pick<
  WorkersStart,
  "program" | "fork" | "concurrency" | "shutdown" | "startup" | "heartbeat" | "patience"
> {
  readonly workers: number | undefined
  readonly restart: unknown
}

type Time = "startup" | "heartbeat" | "patience" | "shutdown"

/**
 * The values that a face takes for times and restarts, in its words.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerWords {
  /** Returns a time in milliseconds, 0 or more. Returns `undefined` for any other value. */
  readonly milliseconds: (given: unknown) => number | undefined
  /** Formats a time in milliseconds, as a program of the face writes it. */
  readonly format: (milliseconds: number) => string
  readonly ranges: { readonly [name in Time]: string }
  readonly isRestart: (given: unknown) => boolean
  readonly restart: { readonly range: string; readonly remedy: string }
}

const defaults = { startup: 60_000, heartbeat: 1000, patience: 10_000, shutdown: 5000 }

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

/**
 * Returns the checked options, or the error of the first invalid one.
 *
 * @category constructors
 * @since 0.1.0
 */
export const checkWorkerOptions = (given: unknown, words: WorkerWords): CheckedWorkers | DatagramBindError => {
  const options = read(given)
  if (options === undefined) return invalidBind("options: reading them threw. Give a plain object.", "options")
  const { concurrency, fork, program, restart, workers } = options
  if (!isProgram(program)) return refused("program", program, "a path or a URL", "Give the program that runs work")
  if (fork !== undefined && (typeof fork !== "object" || fork === null))
    return refused("fork", fork, "a record of options", "Leave it out for none")
  if (restart !== undefined && !words.isRestart(restart))
    return refused("restart", restart, words.restart.range, words.restart.remedy)
  if (concurrency !== undefined && !Codec.isInteger(concurrency, 1, maximumHandlers))
    return refused("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "Leave it out for 64")
  const times = { ...defaults }
  for (const option of ["startup", "heartbeat", "patience", "shutdown"] as const) {
    const value = options[option]
    if (value === undefined) continue
    const time = words.milliseconds(value)
    const isZero = option !== "shutdown" && time === 0
    if (time === undefined || isZero || (option === "heartbeat" && time === Infinity))
      return refused(option, value, words.ranges[option], `Leave it out for ${words.format(defaults[option])}`)
    times[option] = time
  }
  // The compiler does not know that workerCount checks the number.
  return { ...times, program, fork: fork ?? {}, concurrency, workers: workers as number | undefined, restart }
}

/** Values of a program that the compiler may not have checked. */
interface Given {
  readonly [option: string]: unknown
}

const read = (options: unknown): Given | undefined => {
  try {
    return { ...(options as Given) }
  } catch {
    return undefined
  }
}

/** A proxy throws when its prototype is read. */
const isProgram = (value: unknown): value is string | URL => {
  try {
    return typeof value === "string" || value instanceof URL
  } catch {
    return false
  }
}

const refused = (option: string, value: unknown, range: string, remedy: string): DatagramBindError =>
  invalidBind(`${option}: ${Codec.format(value)} is not ${range}. ${remedy}.`, option)

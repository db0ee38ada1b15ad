/** Options of a server in several processes. They are read once and checked before anything is bound or started. */
import { Codec } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { exponentialRestart, type Restart, type WorkersStart } from "@ancillary/node"
import { errorOf } from "../DatagramError.ts"

/** Valid options, with times in milliseconds. */
export interface CheckedWorkers extends Pick<
  WorkersStart,
  "program" | "fork" | "concurrency" | "shutdown" | "startup" | "heartbeat" | "patience" | "restart" | "log"
> {
  readonly workers: number | undefined
}

const defaults = { shutdown: 5000, startup: 60_000, heartbeat: 1000, patience: 10_000 }

/** A larger number of handlers is a mistake in its computation. */
const maximumHandlers = 1_048_576

/** Returns the checked options, or throws for the first invalid one. */
export const checkWorkerOptions = (given: unknown): CheckedWorkers => {
  const { concurrency, fork, onReport, program, restart, workers, ...times } = read(given)
  if (!isProgram(program)) throw refused("program", program, "a path or a URL", "Give the program that runs work")
  if (fork !== undefined && (typeof fork !== "object" || fork === null))
    throw refused("fork", fork, "a record of options", "Leave it out for none")
  if (restart !== undefined && typeof restart !== "function")
    throw refused("restart", restart, "a function", "Leave it out for the default")
  if (onReport !== undefined && typeof onReport !== "function")
    throw refused("onReport", onReport, "a function", "Leave it out for console.error")
  if (concurrency !== undefined && !Codec.isInteger(concurrency, 1, maximumHandlers))
    throw refused("concurrency", concurrency, `an integer from 1 to ${maximumHandlers}`, "Leave it out for 64")
  const timing = { ...defaults }
  for (const option of ["startup", "heartbeat", "patience", "shutdown"] as const) {
    const value = times[option]
    if (value === undefined) continue
    const least = option === "shutdown" ? 0 : Number.MIN_VALUE
    if (typeof value !== "number" || !(value >= least) || (option === "heartbeat" && value === Infinity))
      throw refused(
        option,
        value,
        option === "shutdown" ? "a number of milliseconds, 0 or more" : "a number of milliseconds above 0",
        `Leave it out for ${defaults[option]}`
      )
    timing[option] = value
  }
  return {
    ...timing,
    program,
    fork: fork ?? {},
    concurrency,
    // Checked when the platform is known.
    workers: workers as number | undefined,
    restart: restart === undefined ? exponentialRestart : () => restart as Restart,
    log: quietly(onReport as ((message: string) => void) | undefined)
  }
}

/** Values of a program that the compiler may not have checked. */
interface Given {
  readonly [option: string]: unknown
}

const read = (options: unknown): Given => {
  try {
    return { ...(options as Given) }
  } catch {
    throw errorOf(invalidBind("options: reading them threw. Give a plain object.", "options"))
  }
}

/** A function of the program may throw. */
const quietly =
  (onReport: ((message: string) => void) | undefined): WorkersStart["log"] =>
  (_, message) => {
    try {
      if (onReport === undefined) console.error(message)
      else onReport(message)
    } catch {
      // The report is lost, and the workers go on.
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

const refused = (option: string, value: unknown, range: string, remedy: string) =>
  errorOf(invalidBind(`${option}: ${Codec.format(value)} is not ${range}. ${remedy}.`, option))

/** The reason why a worker is given up, as a record. */
import { formatTime } from "./limits.ts"
import { type Ended, isEnded } from "./WorkerProcess.ts"

/**
 * A worker is given up: it never served, or it ended or stopped answering and is not restarted.
 *
 * @category errors
 * @since 0.1.0
 */
export interface WorkerFault {
  /** `Unresponsive`: its process was alive, did not answer for `patience`, and was killed. */
  readonly reason: "NotStarted" | "Ended" | "Unresponsive"
  /** Index of the worker, from 0. */
  readonly worker: number
  /** Number of restarts before. */
  readonly restarts: number
  /** Exit code of a process that ended by itself. */
  readonly exitCode: number | undefined
  /** Signal that ended the process: `"SIGKILL"`, `"SIGSEGV"` … */
  readonly signal: string | undefined
  /** A sentence that ends with a remedy. */
  readonly message: string
}

/** A process was alive but did not answer within a number of milliseconds, so it was killed. */
export interface Silent {
  readonly silentFor: number
}

/** The end of a life of a worker: its process ended, was killed, or reported a failure. */
export type End = Ended | Silent | { readonly failure: string }

/** Describes the end of a process, as the fault of its worker. */
export const faultOf = (worker: number, restarts: number, served: boolean, end: End): WorkerFault => {
  const silent = "silentFor" in end ? formatTime(end.silentFor) : undefined
  const { exitCode = null, signal = null } = isEnded(end) ? end : {}
  const how =
    silent !== undefined
      ? `${served ? "did not answer" : "was not ready"} within ${silent} and was killed`
      : signal !== null
        ? `was ended by ${signal}`
        : exitCode !== null
          ? `ended with exit code ${exitCode}`
          : `failed (${"failure" in end ? end.failure : causeOf(isEnded(end) ? end.cause : end)})`
  const remedy = !served
    ? "Look at what it wrote to its standard error, and whether its program runs DatagramWorkers.runWorker"
    : silent === undefined
      ? "Look at what it wrote to its standard error; `restart` sets the schedule and the number of restarts"
      : "Look for a handler that computes without a pause, and for the cause of a stop; `patience` sets the time limit"
  return {
    reason: !served ? "NotStarted" : silent === undefined ? "Ended" : "Unresponsive",
    worker,
    restarts,
    exitCode: exitCode ?? undefined,
    signal: signal ?? undefined,
    message: `Worker ${worker} ${served ? "" : "did not serve: it "}${how} (restarts: ${restarts}). ${remedy}.`
  }
}

/** The fault of a worker whose restart policy threw. */
export const unscheduled = (worker: number, restarts: number, defect: unknown): WorkerFault => ({
  reason: "Ended",
  worker,
  restarts,
  exitCode: undefined,
  signal: undefined,
  message: `Worker ${worker} is not started again: \`restart\` failed (${causeOf(defect)}) (restarts: ${restarts}). Give a schedule that does not throw.`
})

/** The message of an error, or the value itself. Reading a value of a program may throw. */
const causeOf = (cause: unknown): string => {
  try {
    return typeof cause === "object" && cause !== null && "message" in cause ? String(cause.message) : String(cause)
  } catch {
    return "an error that cannot be read"
  }
}

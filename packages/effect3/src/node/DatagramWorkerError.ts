/**
 * The reason why a worker is given up.
 *
 * @since 0.1.0
 */
import type { WorkerFault } from "@ancillary/node"
import * as Data from "effect/Data"
import * as Option from "effect/Option"

/**
 * A worker is given up: it never served, or it ended or stopped answering and is not restarted.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramWorkerError extends Data.TaggedError("DatagramWorkerError")<{
  /** `Unresponsive`: its process was alive, did not answer for `patience`, and was killed. */
  readonly reason: "NotStarted" | "Ended" | "Unresponsive"
  /** Index of the worker, from 0. */
  readonly worker: number
  /** Number of restarts before. */
  readonly restarts: number
  /** Exit code of a process that ended by itself. */
  readonly exitCode: Option.Option<number>
  /** Signal that ended the process: `"SIGKILL"`, `"SIGSEGV"` … */
  readonly signal: Option.Option<string>
  /** A sentence that ends with a remedy. */
  readonly message: string
}> {}

/** Makes the error of a record. */
export const workerError = (fault: WorkerFault): DatagramWorkerError =>
  new DatagramWorkerError({
    ...fault,
    exitCode: Option.fromNullable(fault.exitCode),
    signal: Option.fromNullable(fault.signal)
  })

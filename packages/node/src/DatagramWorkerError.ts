/**
 * Why a worker is given up.
 *
 * @since 0.1.0
 */
import { Data, type Option } from "effect"

/**
 * A worker that never served, or that ended or did not answer and is not started again.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramWorkerError extends Data.TaggedError("DatagramWorkerError")<{
  /** `Unresponsive`: its process was there, did not answer for `patience`, and was killed. */
  readonly reason: "NotStarted" | "Ended" | "Unresponsive"
  /** Which of the workers, from 0. */
  readonly worker: number
  /** How often it had been started again. */
  readonly restarts: number
  /** What its process said when it ended by itself. */
  readonly exitCode: Option.Option<number>
  /** What ended it: `"SIGKILL"`, `"SIGSEGV"` … */
  readonly signal: Option.Option<string>
  /** A sentence that ends with what to do. */
  readonly message: string
}> {}

import type { DatagramStats } from "../../DatagramSocket.ts"
import type { Worker } from "@effect/platform"
import { Deferred, Duration, Effect, Option, Predicate, type Schedule } from "effect"
import { DatagramWorkerError } from "../DatagramWorkerError.ts"
import { type Generation, isEnded, isSilent, type Start, start } from "./generation.ts"
import { sum } from "./statistics.ts"

/** A place among the workers: a socket, and the processes that serve on it one after the other. */
export interface MessageLayout {
  /** The endpoint of its first process. */
  readonly ready: Effect.Effect<Start["at"]>
  /** Keeps a process running as long as the schedule permits. If it is interrupted, the current process finishes. */
  readonly keep: Effect.Effect<never, DatagramWorkerError, Worker.WorkerManager>
  readonly state: Effect.Effect<{ readonly pid: Option.Option<number>; readonly restarts: number }>
  /** Counters of the ended processes and of the current one, as far as they were reported. Absent before the first report. */
  readonly stats: Effect.Effect<Option.Option<DatagramStats>>
}

/** Time that a request for the counters waits for a worker that does not answer. */
const maximumWait = Duration.seconds(5)

/** Logs without failing: a logger may throw. */
const quietly = (logging: Effect.Effect<void>) => Effect.catchAllCause(logging, () => Effect.void)

export const makePlace = (
  worker: number,
  how: Start,
  restart: Schedule.Schedule<unknown, DatagramWorkerError>
): Effect.Effect<MessageLayout> =>
  Effect.map(Deferred.make<Start["at"]>(), (ready) => {
    let at = how.at
    let starts = 0
    let serving: Generation | undefined
    // The last report of the current process, and the sum of the earlier processes.
    let told: DatagramStats | undefined
    let before: DatagramStats | undefined
    const counted = () => (before === undefined || told === undefined ? (told ?? before) : sum(before, told))

    const served = Deferred.isDone(ready)

    const life = Effect.gen(function* () {
      starts++
      const one = yield* start({ ...how, at }, (stats) => {
        told = stats
      })
      // Port 0 is a free port the first time, and the same port afterwards.
      at = one.at
      serving = one
      yield* Deferred.succeed(ready, at)
      return yield* one.lives
    }).pipe(
      Effect.scoped,
      Effect.mapError((why) => failure(worker, starts - 1, serving !== undefined, why)),
      Effect.ensuring(
        Effect.sync(() => {
          before = counted()
          told = undefined
          serving = undefined
        })
      )
    )

    return {
      ready: Deferred.await(ready),
      keep: life.pipe(
        Effect.tapError((error) => Effect.whenEffect(quietly(Effect.logWarning(error.message)), served)),
        // If a worker never served, its program is faulty, and a restart would only hide this.
        Effect.retry({ schedule: restart, while: () => served }),
        // The schedule belongs to the program. If it throws, that ends this worker, and is not a defect of the others.
        Effect.catchAllDefect((defect) => Effect.fail(unscheduled(worker, starts - 1, defect))),
        Effect.tapError(() => Effect.whenEffect(quietly(Effect.logError(`Worker ${worker} is given up`)), served))
      ),
      state: Effect.sync(() => ({ pid: Option.fromNullable(serving?.pid), restarts: Math.max(starts - 1, 0) })),
      stats: Effect.suspend(() => {
        // If a process does not answer, its last report stays.
        const asked = Effect.timeoutOption(serving?.count ?? Effect.void, Duration.min(how.patience, maximumWait))
        return Effect.map(asked, () => Option.fromNullable(counted()))
      })
    }
  })

const failure = (worker: number, restarts: number, served: boolean, why: unknown): DatagramWorkerError => {
  const { exitCode = null, signal = null } = isEnded(why) ? why : {}
  const silent = isSilent(why) ? Duration.format(why.silentFor) : undefined
  const how =
    silent !== undefined
      ? `${served ? "did not answer" : "was not ready"} within ${silent} and was killed`
      : signal !== null
        ? `was ended by ${signal}`
        : exitCode !== null
          ? `ended with exit code ${exitCode}`
          : shown(why)
  const remedy = !served
    ? "Look at what it wrote to its standard error, and whether its program runs DatagramWorkers.runWorker"
    : silent === undefined
      ? "Look at what it wrote to its standard error; `restart` sets the schedule and the number of restarts"
      : "Look for a handler that computes without a pause, and for the cause of a stop; `patience` sets the time limit"
  return new DatagramWorkerError({
    reason: !served ? "NotStarted" : silent === undefined ? "Ended" : "Unresponsive",
    worker,
    restarts,
    exitCode: Option.fromNullable(exitCode),
    signal: Option.fromNullable(signal),
    message: `Worker ${worker} ${served ? "" : "did not serve: it "}${how} (restarts: ${restarts}). ${remedy}.`
  })
}

const unscheduled = (worker: number, restarts: number, defect: unknown): DatagramWorkerError =>
  new DatagramWorkerError({
    reason: "Ended",
    worker,
    restarts,
    exitCode: Option.none(),
    signal: Option.none(),
    message: `Worker ${worker} is not started again: \`restart\` ${shown(defect)} (restarts: ${restarts}). Give a schedule that does not throw.`
  })

/** Describes a failure, with its own message if it has one. */
const shown = (why: unknown): string => {
  const cause = isEnded(why) ? why.cause : why
  return `failed (${Predicate.hasProperty(cause, "message") ? String(cause.message) : String(cause)})`
}

import type { DatagramStats } from "@ancillary/effect3"
import type { Worker } from "@effect/platform"
import { Deferred, Duration, Effect, Option, Predicate, type Schedule } from "effect"
import { DatagramWorkerError } from "../DatagramWorkerError.ts"
import { type Generation, isEnded, isSilent, type Start, start } from "./generation.ts"
import { sum } from "./statistics.ts"

/** A place among the workers: a socket, and one process after the other that serves on it. */
export interface Place {
  /** Where its first process serves. */
  readonly ready: Effect.Effect<Start["at"]>
  /** Keeps a process there as long as the schedule lets it. Interrupted, it lets the one that is there finish. */
  readonly keep: Effect.Effect<never, DatagramWorkerError, Worker.WorkerManager>
  readonly state: Effect.Effect<{ readonly pid: Option.Option<number>; readonly restarts: number }>
  /** Of those that are over and of the one that serves, as far as they have told; nothing before the first one does. */
  readonly stats: Effect.Effect<Option.Option<DatagramStats>>
}

/** How long whoever asks for the counters waits for a worker that does not answer. */
const mostWait = Duration.seconds(5)

/** A logger may throw. */
const quietly = (logging: Effect.Effect<void>) => Effect.catchAllCause(logging, () => Effect.void)

export const makePlace = (
  worker: number,
  how: Start,
  restart: Schedule.Schedule<unknown, DatagramWorkerError>
): Effect.Effect<Place> =>
  Effect.map(Deferred.make<Start["at"]>(), (ready) => {
    let at = how.at
    let starts = 0
    let serving: Generation | undefined
    // What the one that serves told last, and the sum of those before it.
    let told: DatagramStats | undefined
    let before: DatagramStats | undefined
    const counted = () => (before === undefined || told === undefined ? (told ?? before) : sum(before, told))

    const served = Deferred.isDone(ready)

    const life = Effect.gen(function* () {
      starts++
      const one = yield* start({ ...how, at }, (stats) => {
        told = stats
      })
      // Port 0 is a free one the first time, and the same one ever after.
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
        // What never served has a mistake in it that another try would only hide.
        Effect.retry({ schedule: restart, while: () => served }),
        // A schedule is a program's: what it throws is the end of this worker, and no defect of the others.
        Effect.catchAllDefect((defect) => Effect.fail(unscheduled(worker, starts - 1, defect))),
        Effect.tapError(() => Effect.whenEffect(quietly(Effect.logError(`Worker ${worker} is given up`)), served))
      ),
      state: Effect.sync(() => ({ pid: Option.fromNullable(serving?.pid), restarts: Math.max(starts - 1, 0) })),
      stats: Effect.suspend(() => {
        // One that does not answer has told what it told last.
        const asked = Effect.timeoutOption(serving?.count ?? Effect.void, Duration.min(how.patience, mostWait))
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
    ? "Look at what it wrote to its standard error, and whether its program runs DatagramWorkers.work"
    : silent === undefined
      ? "Look at what it wrote to its standard error; `restart` says when it is started again, and how often"
      : "Look for a handler that computes without a pause, and for who stopped it; `patience` says how long it may be silent"
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

/** What it could not do, in its own words where it has some. */
const shown = (why: unknown): string => {
  const cause = isEnded(why) ? why.cause : why
  return `failed (${Predicate.hasProperty(cause, "message") ? String(cause.message) : String(cause)})`
}

/** One process of a worker, from its start to its end. */
import { type ChildProcess, fork, type ForkOptions } from "node:child_process"
import type { DatagramStats } from "../../DatagramSocket.ts"
import { Worker } from "@effect/platform"
import type { WorkerError } from "@effect/platform/WorkerError"
import type { ParseError } from "effect/ParseResult"
import { Deferred, Duration, Effect, Exit, FiberId, Logger, LogLevel, Option, Predicate, type Scope } from "effect"
import { Count, type Request, Serve, Stop } from "./requests.ts"

/** The end of a process: it exited, a signal ended it, or it could not be started. */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly cause?: unknown
}

/** A process was alive but did not answer within a limit, so it was killed. */
export interface Silent {
  readonly silentFor: Duration.Duration
}

export const isSilent = (value: unknown): value is Silent => Predicate.hasProperty(value, "silentFor")

export const isEnded = (value: unknown): value is Ended => Predicate.hasProperty(value, "exitCode")

/** Values that a worker is started with. */
export interface Start {
  readonly program: string | URL
  readonly fork: ForkOptions
  /** The socket that the worker takes over, as a descriptor of this process. */
  readonly descriptor: number | undefined
  readonly at: { readonly address: string; readonly port: number }
  readonly concurrency: number | undefined
  readonly shutdown: Duration.Duration
  /** Time until it must serve. */
  readonly startup: Duration.Duration
  /** Interval at which its counters are requested, and the time limit of an answer. */
  readonly heartbeat: Duration.Duration
  readonly patience: Duration.Duration
}

/** A worker that serves. */
export interface Generation {
  readonly pid: number
  readonly at: { readonly address: string; readonly port: number }
  /** Its counters; absent if its process has ended. */
  readonly count: Effect.Effect<Option.Option<DatagramStats>>
  /** Requests the counters repeatedly. Fails if the process has ended, or was killed because it did not answer. */
  readonly lives: Effect.Effect<never, Ended | Silent>
}

/** The first descriptor after the three standard streams and the channel. */
const handedOver = 4

/**
 * Starts a worker. Returns when it serves. Fails with the end of its process, or with the failure that it reports.
 *
 * When the scope closes, a live worker stops reading and finishes the answers that it has begun. `reported` receives
 * each of its reports.
 */
export const start = (
  { at, concurrency, descriptor, fork: options, heartbeat, patience, program, shutdown, startup }: Start,
  reported: (stats: DatagramStats) => void
): Effect.Effect<Generation, Ended | Silent | string | WorkerError | ParseError, Worker.WorkerManager | Scope.Scope> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<Ended>()
    const end = (ended: Ended) => Deferred.unsafeDone(over, Effect.succeed(ended))
    const unmade = (cause: unknown) => end({ exitCode: null, signal: null, cause })
    const stdio: ForkOptions["stdio"] = ["ignore", "inherit", "inherit", "ipc"]
    if (descriptor !== undefined) stdio.push(descriptor)
    let pid = 0
    let process: ChildProcess | undefined
    const spawn = (): ChildProcess => {
      try {
        const child = fork(program, [], { ...options, serialization: "advanced", stdio })
        process = child
        pid = child.pid ?? 0
        child.once("exit", (exitCode, signal) => end({ exitCode, signal }))
        // If the process could not be created, it has no exit event. If it was created, this is a message that arrived
        // too late.
        child.on("error", (cause) => {
          if (child.pid === undefined) unmade(cause)
        })
        return child
      } catch (cause) {
        unmade(cause)
        throw cause
      }
    }
    const ended = Deferred.await(over)
    // Only SIGKILL ends a process that is stopped or computes.
    const answersWithin = <A, E, R>(effect: Effect.Effect<A, E, R>, limit: Duration.Duration) =>
      Effect.flatMap(Effect.timeoutOption(effect, limit), (answer): Effect.Effect<A, Silent> => {
        if (Option.isSome(answer)) return Effect.succeed(answer.value)
        process?.kill("SIGKILL")
        return Effect.fail({ silentFor: limit })
      })
    const alive = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Ended, R> =>
      Effect.raceFirst(effect, Effect.flatMap(ended, Effect.fail))

    // This finalizer is added first and runs last: a killed process ends a moment later, and its socket with it.
    yield* Effect.addFinalizer(() =>
      pid === 0 ? Effect.void : Effect.timeoutOption(Effect.interruptible(ended), grace)
    )
    const making = Worker.makeSerialized<Request>({}).pipe(
      Effect.provideService(Worker.Spawner, spawn),
      // The manager warns of each end, even if it is handled.
      Logger.withMinimumLogLevel(LogLevel.None)
    )
    const serving = { at, descriptor: descriptor === undefined ? undefined : handedOver, concurrency }
    const beginning = Effect.gen(function* () {
      const worker = yield* alive(making)
      const began = yield* alive(
        worker.executeEffect(new Serve({ ...serving, shutdownMillis: Duration.toMillis(shutdown) }))
      )
      return { worker, began }
    })
    const { began, worker } = yield* answersWithin(beginning, startup)
    reported(began.stats)
    const ask = (request: Count | Stop) => Effect.option(alive(worker.executeEffect(request)))
    let stopped = false
    // One request at a time: a stopped process reads none of them.
    let asking: Deferred.Deferred<Option.Option<DatagramStats>> | undefined
    const count = Effect.suspend(() => {
      if (asking !== undefined) return Deferred.await(asking)
      const answer = Deferred.unsafeMake<Option.Option<DatagramStats>>(FiberId.none)
      asking = answer
      const answered = Effect.onExit(ask(new Count()), (exit) => {
        asking = undefined
        const told = Exit.isSuccess(exit) ? exit.value : Option.none()
        // The report at its stop is the last one.
        if (Option.isSome(told) && !stopped) reported(told.value)
        return Deferred.succeed(answer, told)
      })
      return Effect.zipRight(Effect.forkDaemon(answered), Deferred.await(answer))
    })
    const beats = Effect.forever(Effect.zipRight(Effect.sleep(heartbeat), answersWithin(count, patience)))
    // A finalizer cannot be interrupted, nor can its waiting. It is made interruptible for the time limit.
    const stopping = Effect.raceFirst(
      ask(new Stop()),
      Effect.catchAll(beats, () => Effect.succeedNone)
    )
    const stop = Effect.timeoutOption(Effect.interruptible(stopping), Duration.sum(shutdown, grace))
    yield* Effect.addFinalizer(() =>
      Effect.map(stop, (told) => {
        stopped = true
        Option.map(Option.flatten(told), reported)
      })
    )
    const lives = Effect.raceFirst(Effect.flatMap(ended, Effect.fail), beats)
    return { pid, at: began.at, count, lives }
  })

/** Time for the stop message and its answer. */
const grace = Duration.seconds(5)

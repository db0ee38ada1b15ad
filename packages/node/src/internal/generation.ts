/** One life of a worker: from its start to its end, however it ends. */
import { type ChildProcess, fork, type ForkOptions } from "node:child_process"
import type { DatagramStats } from "@ancillary/socket"
import { Worker } from "@effect/platform"
import type { WorkerError } from "@effect/platform/WorkerError"
import type { ParseError } from "effect/ParseResult"
import { Deferred, Duration, Effect, Logger, LogLevel, Option, Predicate, type Scope } from "effect"
import { Count, type Request, Serve, Stop } from "./requests.ts"

/** How a process ended: by itself, by a signal, or before it was one. */
export interface Ended {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly cause?: unknown
}

export const isEnded = (value: unknown): value is Ended => Predicate.hasProperty(value, "exitCode")

/** What a worker is started with. */
export interface Start {
  readonly program: string | URL
  readonly fork: ForkOptions
  /** The socket that it takes over, in this process. */
  readonly descriptor: number | undefined
  readonly at: { readonly address: string; readonly port: number }
  readonly concurrency: number | undefined
  readonly shutdown: Duration.Duration
}

/** A worker that serves. */
export interface Generation {
  readonly pid: number
  readonly at: { readonly address: string; readonly port: number }
  readonly began: DatagramStats
  /** Nothing from a process that is over. */
  readonly count: Effect.Effect<Option.Option<DatagramStats>>
  readonly ended: Effect.Effect<Ended>
}

/** Behind the three standard streams and the channel. */
const handedOver = 4

/**
 * Starts a worker; ready when its effect succeeded. Fails with how the process ended, or with what it could not do.
 *
 * When the scope closes, a worker that lives stops reading and answers what it has begun; `stopped` is given its last account.
 */
export const start = (
  { at, concurrency, descriptor, fork: options, program, shutdown }: Start,
  stopped: (stats: DatagramStats) => void
): Effect.Effect<Generation, Ended | string | WorkerError | ParseError, Worker.WorkerManager | Scope.Scope> =>
  Effect.gen(function* () {
    const over = yield* Deferred.make<Ended>()
    const end = (ended: Ended) => Deferred.unsafeDone(over, Effect.succeed(ended))
    const unmade = (cause: unknown) => end({ exitCode: null, signal: null, cause })
    const stdio: ForkOptions["stdio"] = ["ignore", "inherit", "inherit", "ipc"]
    if (descriptor !== undefined) stdio.push(descriptor)
    let pid = 0
    const spawn = (): ChildProcess => {
      try {
        const child = fork(program, [], { ...options, serialization: "advanced", stdio })
        pid = child.pid ?? 0
        child.once("exit", (exitCode, signal) => end({ exitCode, signal }))
        // A process that could not be made has no exit. Of one that was, this is a message that came too late.
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
    const alive = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Ended, R> =>
      Effect.raceFirst(effect, Effect.flatMap(ended, Effect.fail))

    // The first to be added and so the last to run: one that had to be killed is over a moment later, and its socket with it.
    yield* Effect.addFinalizer(() =>
      pid === 0 ? Effect.void : Effect.timeoutOption(Effect.interruptible(ended), grace)
    )
    const making = Worker.makeSerialized<Request>({}).pipe(
      Effect.provideService(Worker.Spawner, spawn),
      // The manager warns of each end, whoever deals with it.
      Logger.withMinimumLogLevel(LogLevel.None)
    )
    const worker = yield* alive(making)
    const serving = { at, descriptor: descriptor === undefined ? undefined : handedOver, concurrency }
    const began = yield* alive(
      worker.executeEffect(new Serve({ ...serving, shutdownMillis: Duration.toMillis(shutdown) }))
    )
    const ask = (request: Count | Stop) => Effect.option(alive(worker.executeEffect(request)))
    // A finalizer cannot be interrupted, and neither could its waiting: it is made interruptible for the time limit.
    const stop = Effect.interruptible(ask(new Stop())).pipe(Effect.timeoutOption(Duration.sum(shutdown, grace)))
    yield* Effect.addFinalizer(() => Effect.map(stop, (told) => Option.map(Option.flatten(told), stopped)))
    return { pid, at: began.at, began: began.stats, count: ask(new Count()), ended }
  })

/** For the word itself to come and go. */
const grace = Duration.seconds(5)

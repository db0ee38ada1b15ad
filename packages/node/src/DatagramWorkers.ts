/**
 * One server on several cores: processes that share a port, started again when they die.
 *
 * `serve` binds a socket for each worker and hands it over as an open file; `work` is the program that takes it and answers. The peers are spread over
 * the sockets by the kernel (`SO_REUSEPORT`), each peer always to the same one.
 *
 * **Details**
 *
 * The sockets stay open in the process that started the workers, which never reads them. So a worker may die in any way and nothing of its port
 * is lost but what it had taken: what waits in its socket, and what comes meanwhile, is answered by its successor, and no other peer is moved to
 * another worker, which each socket that leaves the port or joins it would do.
 *
 * Workers are processes and not threads, because the kernel cleans up after a process: a thread that is ended leaves its socket open, and the peers of
 * that are answered by nobody.
 *
 * Linux alone spreads the peers of a port. Elsewhere one worker serves, supervised in the same way: macOS hands all that is unicast to one socket of a port,
 * and Windows lacks the option; its `SO_REUSEADDR` lets any program take over the address. On Windows the socket is its worker's own, and what waits in it
 * is lost with it.
 *
 * **Gotchas**
 *
 * This module needs the package `@effect/platform`, which is an optional peer of `@ancillary/node`.
 *
 * A peer is an address and a port, so one busy peer has one worker. What is sent to a group reaches every socket that joined it: a server of a group wants one worker.
 *
 * @since 0.1.0
 */
import type { ForkOptions } from "node:child_process"
import {
  type ControlMessage,
  endpoint,
  type Endpoint,
  type EndpointInput,
  type Internet,
  type Platform
} from "@ancillary/control"
import {
  Datagram,
  type DatagramBindError,
  type DatagramReceiveError,
  type DatagramSocket,
  DatagramSockets,
  type DatagramStats,
  type DatagramUnsupportedError,
  serveOn,
  type Spec
} from "@ancillary/effect3"
import type { NeedsAll } from "@ancillary/engine/spec/Spec"
import { type Worker, type WorkerError, WorkerRunner } from "@effect/platform"
import { Array, Deferred, Duration, Effect, ExecutionStrategy, Exit, Fiber, type Option, Schedule, Scope } from "effect"
import type { DatagramWorkerError } from "./DatagramWorkerError.ts"
import { makePlace } from "./internal/place.ts"
import { Request, type Serve } from "./internal/requests.ts"
import { bindAll, endpointOf, plain, workersOn } from "./internal/sharing.ts"
import { sum } from "./internal/statistics.ts"
import { type Checked, checkOptions } from "./internal/workerOptions.ts"

export { DatagramWorkerError } from "./DatagramWorkerError.ts"

/**
 * A server whose workers are running; its scope stops them.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramWorkers<out F extends Internet> {
  /** Where all of them are asked. */
  readonly localAddress: Endpoint<F>
  /** Each worker: its process, while it has one that serves, and how often it was started again. */
  readonly workers: Effect.Effect<ReadonlyArray<{ readonly pid: Option.Option<number>; readonly restarts: number }>>
  /**
   * The sum over all workers, those before among them. Each is asked at `heartbeat` as well: what one that was killed had counted since it last answered is
   * lost with it. Waits at most 5 seconds; the account of a worker that does not answer is the last one that it gave.
   */
  readonly stats: Effect.Effect<DatagramStats>
  /** Waits for a worker that could not be kept, and fails with it. The others go on: its peers are spread over them. */
  readonly join: Effect.Effect<never, DatagramWorkerError>
}

/**
 * How a server is spread over workers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The program that runs `work`. */
  readonly program: string | URL
  /** 1 to 1,024. Absent: one a core where the system spreads the peers over them (Linux), one elsewhere. */
  readonly workers?: number | undefined
  /** Handlers of one worker that run at a time: 1 to 1,048,576, 64 by default. */
  readonly concurrency?: number | undefined
  /** How long handlers may take to finish when the server stops, 5 seconds by default. */
  readonly shutdown?: Duration.DurationInput | undefined
  /** How long a worker may take until it serves, 60 seconds by default; then it is killed. `Infinity` waits as long as it takes. */
  readonly startup?: Duration.DurationInput | undefined
  /** How often each worker is asked for its counters, 1 second by default. */
  readonly heartbeat?: Duration.DurationInput | undefined
  /**
   * How long a worker may leave that unanswered, 10 seconds by default; then it is killed and started again as one that died. A process that is stopped
   * (`SIGSTOP`, a debugger), or that computes without a pause, does not answer. `Infinity` never kills one.
   */
  readonly patience?: Duration.DurationInput | undefined
  /** When, and how often, a worker that died is started again: `restart` by default. One that never served is not, the first time. */
  readonly restart?: Schedule.Schedule<unknown, DatagramWorkerError> | undefined
  /** What its process is started with. */
  readonly fork?: Pick<ForkOptions, "cwd" | "env" | "execArgv" | "execPath" | "gid" | "uid"> | undefined
}

/**
 * A tenth of a second before the first restart, twice that before each of the next, five seconds at most; given up after ten, which are
 * forgotten when a worker has lived for a minute.
 *
 * @category schedules
 * @since 0.1.0
 */
export const restart: Schedule.Schedule<unknown> = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.intersect(Schedule.recurs(10)),
  Schedule.resetAfter("1 minute")
)

/**
 * Binds a port and starts workers that answer on it; ready when all of them are. When the scope closes, they stop reading, answer what they have begun,
 * and end.
 *
 * **Details**
 *
 * Port 0 takes a free one, which all of them have. A port that another program has is an error, also where that would share it, unless the spec itself declares
 * `withReusePort()`. A worker whose process ends, in whatever way, is logged and started again as `restart` says; so is one that does not answer for
 * `patience`, which is killed. One that is given up has its socket closed. The workers write to the standard output and error of this process.
 *
 * Fails with `DatagramUnsupportedError` if more than one worker is asked for and the system does not spread the peers (macOS, Windows), with
 * `DatagramWorkerError` if one does not serve within `startup`, and with `DatagramBindError` of reason `InvalidArgument` if an option is out of its range.
 *
 * @example
 * ```ts
 * import { NodeSockets } from "@ancillary/node"
 * import * as DatagramWorkers from "@ancillary/node/DatagramWorkers"
 * import { Datagram, withPktInfo } from "@ancillary/effect3"
 * import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
 * import * as NodeWorker from "@effect/platform-node/NodeWorker"
 * import { Effect } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 *
 * const server = Effect.gen(function* () {
 *   const workers = yield* DatagramWorkers.serve(spec, { address: "0.0.0.0", port: 5300 }, {
 *     program: new URL("worker.js", import.meta.url)
 *   })
 *   yield* Effect.log(`listening on ${workers.localAddress}`)
 *   return yield* workers.join
 * })
 *
 * server.pipe(Effect.scoped, Effect.provide([NodeSockets.layer, NodeWorker.layerManager]), NodeRuntime.runMain)
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  options: Options
): Effect.Effect<
  DatagramWorkers<F>,
  DatagramBindError | DatagramUnsupportedError | DatagramWorkerError,
  DatagramSockets | Worker.WorkerManager | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const { driver } = yield* DatagramSockets
    const checked = yield* checkOptions(options, restart)
    const count = yield* workersOn(driver.abi.platform, checked.workers)
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    return yield* Effect.onError(
      Scope.extend(serveAll(spec, at, checked, count, driver.abi.platform), scope),
      (cause) => Scope.close(scope, Exit.failCause(cause))
    )
  }).pipe(Effect.withSpan("DatagramWorkers.serve"))

/** In a scope of its own, that whatever fails on the way leaves nothing running. */
const serveAll = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  { restart, ...how }: Checked,
  count: number,
  platform: Platform
): Effect.Effect<
  DatagramWorkers<F>,
  DatagramBindError | DatagramUnsupportedError | DatagramWorkerError,
  DatagramSockets | Worker.WorkerManager | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const scopes = yield* Effect.replicateEffect(Scope.fork(scope, ExecutionStrategy.sequential), count)
    // Winsock: no socket is inherited by its number, so that the one worker binds its own.
    const sockets = platform === "winsock" ? [] : yield* bindAll(spec, at, scopes)
    const common = {
      ...how,
      at: sockets[0] === undefined ? plain(at) : endpointOf(sockets[0])
    }
    const lost = yield* Deferred.make<never, DatagramWorkerError>()
    const places = yield* Effect.forEach(scopes, (own, i) =>
      Effect.gen(function* () {
        const socket = sockets[i]
        const descriptor = socket === undefined ? undefined : yield* Effect.orDie(socket.descriptor)
        const place = yield* makePlace(i, { ...common, descriptor }, restart)
        // Given up, its socket is closed, for nobody would read it: the kernel spreads its peers over the others.
        const keep = place.keep.pipe(
          Effect.onError(() => Scope.close(own, Exit.void)),
          Effect.intoDeferred(lost)
        )
        return { ...place, keep }
      })
    )
    yield* Effect.acquireRelease(
      Effect.forEach(places, ({ keep }) => Effect.forkDaemon(Effect.interruptible(keep))),
      Fiber.interruptAll
    )
    const ready = Effect.forEach(places, (place) => place.ready, { concurrency: "unbounded" })
    const [first] = yield* Effect.raceFirst(ready, Deferred.await(lost))
    return {
      // Where a worker says that it is, is an endpoint of the family that it was started for.
      localAddress: sockets[0]?.localAddress ?? (endpoint<Internet>(spec.family, first ?? common.at) as Endpoint<F>),
      workers: Effect.forEach(places, ({ state }) => state),
      stats: Effect.map(
        Effect.forEach(places, ({ stats }) => stats, { concurrency: "unbounded" }),
        (all) => Array.getSomes(all).reduce(sum)
      ),
      join: Deferred.await(lost)
    }
  })

/**
 * The program of a worker: takes the socket that `serve` hands over and runs a handler for each datagram, until it is told to stop.
 *
 * **Details**
 *
 * How many handlers run at a time, and how long they may take to finish, is what `serve` was told. A handler that fails or dies is logged and its
 * datagram is over. Ends when it is told to stop, and when the process that started it is gone. Fails where it cannot read
 * any more, and with a `WorkerError` where nobody started it.
 *
 * **Gotchas**
 *
 * Interrupted by a signal (`NodeRuntime.runMain` does that), it lets its handlers finish. Killed by one, it does not.
 *
 * @example
 * ```ts
 * import { NodeSockets } from "@ancillary/node"
 * import * as DatagramWorkers from "@ancillary/node/DatagramWorkers"
 * import { Datagram, withPktInfo } from "@ancillary/effect3"
 * import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
 * import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
 * import { Effect } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 *
 * DatagramWorkers.work(spec, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(
 *   Effect.provide([NodeSockets.layer, NodeWorkerRunner.layer]),
 *   NodeRuntime.runMain
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const work = <F extends Internet, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>
): Effect.Effect<
  void,
  DatagramReceiveError | WorkerError.WorkerError,
  DatagramSockets | WorkerRunner.PlatformRunner | R | R2 | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    // Closed when it is told to stop, and with the rest when it ends otherwise.
    const serving = yield* Scope.fork(scope, ExecutionStrategy.sequential)
    const begun = yield* Deferred.make<DatagramSocket<F, D>>()
    const unreadable = yield* Deferred.make<never, DatagramReceiveError>()
    const begin = ({ at, concurrency, descriptor, shutdownMillis }: Serve) =>
      Effect.gen(function* () {
        // An internet family's input is an address and a port, which the compiler does not see through EndpointInput<F>.
        const socket = yield* descriptor === undefined
          ? Datagram.bind(spec, at as EndpointInput<F>)
          : Datagram.adopt(spec, descriptor)
        const reading = yield* serveOn(socket, handler, { concurrency, shutdown: Duration.millis(shutdownMillis) })
        yield* Effect.forkIn(
          Effect.catchAll(Fiber.join(reading), (error) => Deferred.fail(unreadable, error)),
          scope
        )
        yield* Deferred.succeed(begun, socket)
        return { at: endpointOf(socket), stats: yield* socket.stats }
      }).pipe(
        Effect.mapError(({ message }) => message),
        Scope.extend(serving)
      )
    const account = Effect.flatMap(Deferred.await(begun), ({ stats }) => stats)
    const obeying = WorkerRunner.layerSerialized(Request, {
      Serve: begin,
      Count: () => account,
      Stop: () => Effect.zipRight(Scope.close(serving, Exit.void), account)
    })
    // Told that all is over, the runner interrupts the fiber that launched it.
    const launched = yield* Effect.forkScoped(WorkerRunner.launch(obeying))
    const dismissed = Effect.flatMap(Fiber.await(launched), (exit) => (Exit.isInterrupted(exit) ? Effect.void : exit))
    yield* Effect.raceFirst(dismissed, Effect.raceFirst(Deferred.await(unreadable), orphaned))
  }).pipe(Effect.scoped, Effect.withSpan("DatagramWorkers.work"))

/** The one who started this process is gone: nobody would ever stop it. */
const orphaned = Effect.async<void>((resume) => {
  const gone = () => resume(Effect.void)
  process.once("disconnect", gone)
  return Effect.sync(() => void process.off("disconnect", gone))
})

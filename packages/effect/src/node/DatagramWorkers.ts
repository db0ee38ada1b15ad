/**
 * One server on several cores: processes that share a port, and are restarted when they die.
 *
 * `serve` binds a socket for each worker and passes it on as an open file. `runWorker` is the program that takes the socket
 * over and answers. The kernel distributes the peers over the sockets (`SO_REUSEPORT`), and each peer always has the
 * same socket.
 *
 * **Details**
 *
 * The sockets stay open in the parent process, which never reads them. If a worker dies, only the datagrams that it had
 * taken are lost. Its successor answers those that wait in its socket or arrive meanwhile. No other peer moves to
 * another worker, as would happen if a socket left or joined the port.
 *
 * Workers are processes because the kernel cleans up after a process. If a thread is terminated, its socket stays open,
 * and its peers receive no answer.
 *
 * Only Linux distributes the peers of a port. On other systems one worker serves, with the same supervision. macOS
 * delivers unicast datagrams to only one socket of a port. Windows lacks the option, and its `SO_REUSEADDR` lets any
 * program take over the address. On Windows the worker owns its socket, so datagrams that wait in it are lost with the
 * worker.
 *
 * **Gotchas**
 *
 * A peer is an address and a port, so one busy peer has one worker. A datagram to a group reaches every socket that
 * joined it, so a server of a group should have one worker.
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
import { isUnavailable } from "@ancillary/engine/driver/Driver"
import { compileSpec } from "@ancillary/engine/socket"
import type { NeedsAll } from "@ancillary/engine/spec/Spec"
import {
  type Began,
  type Begin,
  type Counters,
  exponentialRestart,
  obeyOrders,
  type Restart,
  startWorkers
} from "@ancillary/node"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Datagram from "../Datagram.ts"
import {
  type DatagramBindError,
  type DatagramReceiveError,
  type DatagramUnsupportedError,
  fail,
  unsupported
} from "../DatagramError.ts"
import { serveOn } from "../DatagramServer.ts"
import { option } from "../OptionKind.ts"
import { withOwnScope } from "../internal/ownScope.ts"
import { checkHandler } from "../internal/serveOptions.ts"
import type { DatagramSocket, DatagramStats } from "../DatagramSocket.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import type { Spec } from "../Spec.ts"
import { type DatagramWorkerError, workerError } from "./DatagramWorkerError.ts"
import { bindAll, endpointOf, plain, workersOn } from "./internal/sharing.ts"
import { type Checked, checkOptions } from "./internal/workerOptions.ts"
import { Result } from "../requires effect 4 - run npm install effect@4 - or install @ancillary/effect3 beside effect 3.ts"

export { DatagramWorkerError } from "./DatagramWorkerError.ts"

/**
 * A server with running workers. Its scope stops them.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramWorkers<out F extends Internet> {
  /** The endpoint that all workers share. */
  readonly localAddress: Endpoint<F>
  /** Each worker: the id of its process, absent unless it serves, and the number of its restarts. */
  readonly workers: Effect.Effect<ReadonlyArray<{ readonly pid: Option.Option<number>; readonly restarts: number }>>
  /**
   * The sum over all workers, including earlier ones. Waits at most 5 seconds. If a worker does not answer, its last
   * report counts. Each worker also reports at `heartbeat`; if it is killed, counts since its last report are lost.
   */
  readonly stats: Effect.Effect<DatagramStats>
  /**
   * Waits until a worker is given up, and fails with its error. The other workers continue, and the kernel distributes
   * its peers over them.
   */
  readonly awaitFailure: Effect.Effect<never, DatagramWorkerError>
}

/**
 * Options of a server with several workers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The program that runs `runWorker`. */
  readonly program: string | URL
  /** Number of workers, 1 to 1,024. Absent: one per core if the system distributes the peers (Linux), otherwise one. */
  readonly workers?: number | undefined
  /** Maximum number of running handlers per worker: 1 to 1,048,576, by default 64. */
  readonly concurrency?: number | undefined
  /** Time for handlers to finish when the server stops, by default 5 seconds. */
  readonly shutdown?: Duration.Input | undefined
  /** Time for a worker to start, by default 60 seconds. Then it is killed. `Infinity` waits without a limit. */
  readonly startup?: Duration.Input | undefined
  /** Interval at which the counters of each worker are requested, by default 1 second. */
  readonly heartbeat?: Duration.Input | undefined
  /**
   * Time without an answer, by default 10 seconds. Then the worker is killed and restarted as if it had died. A process
   * does not answer if it is stopped (`SIGSTOP`, a debugger), or if it computes without a pause. `Infinity` never kills
   * a worker.
   */
  readonly patience?: Duration.Input | undefined
  /**
   * Schedule of the restarts of a worker that died. By default it waits a tenth of a second before the first restart,
   * twice as long before each of the next, at most five seconds, and gives up after ten. If a worker has lived for a
   * minute, the count begins again. If a worker never served, it is not restarted the first time.
   */
  readonly restart?: Schedule.Schedule<unknown, DatagramWorkerError> | undefined
  /** Options of the worker's process. */
  readonly fork?: Pick<ForkOptions, "cwd" | "env" | "execArgv" | "execPath" | "gid" | "uid"> | undefined
}

/**
 * Binds a port and starts workers that answer on it. Returns when all of them serve. When the scope closes, they stop
 * reading, finish the answers that they have begun, and end.
 *
 * **Details**
 *
 * Port 0 picks a free port, which all workers share. If another program has the port, `serve` fails, even if that
 * program would share it, unless the spec declares `withReusePort()`. If the process of a worker ends, this is logged,
 * and it is restarted according to `restart`. If a worker does not answer for `patience`, it is killed and restarted
 * too. If a worker is given up, its socket is closed. The workers write to the standard output and error of this
 * process.
 *
 * Fails with `DatagramUnsupportedError` if more than one worker is requested and the system does not distribute the
 * peers (macOS, Windows). Fails with `DatagramWorkerError` if a worker does not serve within `startup`. Fails with
 * `DatagramBindError` of reason `InvalidArgument` if an option is out of range.
 *
 * @example
 * ```ts
 * import { DatagramWorkers, NodeSockets } from "@ancillary/effect/node"
 * import { Datagram, withPktInfo } from "@ancillary/effect"
 * import { Effect } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 *
 * const server = Effect.gen(function* () {
 *   const workers = yield* DatagramWorkers.serve(spec, { address: "0.0.0.0", port: 5300 }, {
 *     program: new URL("worker.js", import.meta.url)
 *   })
 *   yield* Effect.log(`listening on ${workers.localAddress}`)
 *   return yield* workers.awaitFailure
 * })
 *
 * await Effect.runPromise(server.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
 * ```
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
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const { driver } = yield* DatagramSockets
    const checked = yield* checkOptions(options)
    const count = yield* workersOn(driver.abi.platform, checked.workers)
    return yield* withOwnScope(serveAll(spec, at, checked, count, driver.abi.platform))
  }).pipe(Effect.withSpan("DatagramWorkers.serve"))

const serveAll = <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  options: Checked,
  count: number,
  platform: Platform
): Effect.Effect<
  DatagramWorkers<F>,
  DatagramBindError | DatagramUnsupportedError | DatagramWorkerError,
  DatagramSockets | Scope.Scope | R | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const services = yield* Effect.context()
    const scopes = yield* Effect.replicateEffect(Scope.fork(scope), count)
    // Winsock: a socket cannot be inherited by its number, so the only worker binds its own.
    const sockets = platform === "winsock" ? [] : yield* bindAll(spec, at, scopes)
    const descriptors = yield* Effect.forEach(sockets, ({ descriptor }) => Effect.orDie(descriptor))
    const running = yield* Effect.acquireRelease(
      Effect.sync(() =>
        startWorkers({
          ...options,
          at: sockets[0] === undefined ? plain(at) : endpointOf(sockets[0]),
          descriptors: scopes.map((_, i) => descriptors[i]),
          restart: () => (options.restart === undefined ? exponentialRestart() : restartBy(options.restart, services)),
          // A fiber of its own, since a logger may throw.
          log: (level, message) =>
            void Effect.runForkWith(services)(
              level === "warning" ? Effect.logWarning(message) : Effect.logError(message)
            ),
          onGivenUp: (worker) =>
            Effect.runPromiseWith(services)(
              Effect.forEach(scopes.slice(worker, worker + 1), (own) => Scope.close(own, Exit.void), { discard: true })
            )
        })
      ),
      (running) => Effect.promise(running.stop)
    )
    const first = yield* Effect.promise(() => running.ready)
    if ("reason" in first) return yield* Effect.fail(workerError(first))
    return {
      // The endpoint that a worker reports belongs to the family that it was started with.
      localAddress: sockets[0]?.localAddress ?? (endpoint<Internet>(spec.family, first) as Endpoint<F>),
      workers: Effect.sync(() =>
        running.state().map(({ pid, restarts }) => ({ pid: Option.fromNullishOr(pid), restarts }))
      ),
      // The counters of a worker are those of its socket. The channel does not express this.
      stats: Effect.map(Effect.promise(running.stats), (counters) => counters as unknown as DatagramStats),
      awaitFailure: Effect.flatMap(
        Effect.promise(() => running.failure),
        (fault) => (fault === undefined ? Effect.interrupt : Effect.fail(workerError(fault)))
      )
    }
  })

/** Makes a policy of a schedule, which waits by itself. The time to live of a worker counts for `resetAfter`. */
const restartBy = (
  schedule: Schedule.Schedule<unknown, DatagramWorkerError>,
  services: Context.Context<never>
): Restart => {
  const step = Effect.runSync(Schedule.toStepWithSleep(schedule))
  return (fault, stopped) =>
    Effect.runPromiseWith(services)(
      Effect.match(step(workerError(fault)), { onFailure: () => false, onSuccess: () => true }),
      { signal: stopped }
    )
}

/**
 * The program of a worker. It takes over the socket that `serve` passes, and runs a handler for each datagram until it
 * is stopped.
 *
 * **Details**
 *
 * `serve` sets the maximum number of running handlers and their time to finish. If a handler fails or dies, that is
 * logged and its datagram is done. The program ends when it is stopped, or when its parent process has ended. Fails if
 * the socket cannot be read any more, and with `DatagramUnsupportedError` if no parent started it.
 *
 * **Gotchas**
 *
 * If a signal interrupts it (`NodeRuntime.runMain` of `@effect/platform-node` does that), its handlers finish. If a signal kills it, they do not.
 *
 * @example
 * ```ts
 * import { DatagramWorkers, NodeSockets } from "@ancillary/effect/node"
 * import { Datagram, withPktInfo } from "@ancillary/effect"
 * import { Effect } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 *
 * const worker = DatagramWorkers.runWorker(spec, (asked, socket) => Datagram.reply(socket, asked, asked.data))
 *
 * await Effect.runPromise(worker.pipe(Effect.provide(NodeSockets.layer)))
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const runWorker = <F extends Internet, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>
): Effect.Effect<
  void,
  DatagramBindError | DatagramReceiveError | DatagramUnsupportedError,
  DatagramSockets | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const { driver } = yield* DatagramSockets
    const plan = compileSpec(spec, driver.abi, option)
    if ("_tag" in plan) return yield* fail(plan)
    yield* checkHandler(handler)
    const scope = yield* Effect.scope
    // This scope is closed when the worker is stopped, and with the outer one if it ends otherwise.
    const serving = yield* Scope.fork(scope)
    const begun = yield* Deferred.make<DatagramSocket<F, D>>()
    const unreadable = yield* Deferred.make<never, DatagramReceiveError>()
    const run = Effect.runPromiseWith(
      yield* Effect.context<DatagramSockets | R | Exclude<R2, Scope.Scope> | NeedsAll<D>>()
    )
    const begin = ({ at, concurrency, descriptor, shutdown }: Begin) =>
      Effect.gen(function* () {
        // The input of an internet family is an address and a port. The compiler cannot infer this through
        // EndpointInput<F>.
        const socket = yield* descriptor === undefined
          ? Datagram.bind(spec, at as EndpointInput<F>)
          : Datagram.adopt(spec, descriptor)
        const reading = yield* serveOn(socket, handler, { concurrency, shutdown: Duration.millis(shutdown) })
        yield* Effect.forkIn(Fiber.join(reading).pipe(Effect.catch((error) => Deferred.fail(unreadable, error))), scope)
        yield* Deferred.succeed(begun, socket)
        return { at: endpointOf(socket), counters: countersOf(yield* socket.stats) }
      }).pipe(
        Scope.provide(serving),
        Effect.result,
        Effect.map(Result.getOrElse(({ message }): Began | string => message))
      )
    const count = Effect.map(
      Effect.flatMap(Deferred.await(begun), ({ stats }) => stats),
      countersOf
    )
    const obeying = obeyOrders({
      begin: (order) => run(begin(order)),
      count: () => run(count),
      stop: () => run(Effect.andThen(Scope.close(serving, Exit.void), count))
    })
    if (isUnavailable(obeying)) return yield* Effect.fail(unsupported(obeying.feature, obeying.why, obeying.remedy))
    const over = Effect.promise(() => obeying.over)
    return yield* Effect.ensuring(
      Effect.raceFirst(over, Deferred.await(unreadable)),
      Scope.close(serving, Exit.void)
    ).pipe(Effect.ensuring(Effect.sync(obeying.close)))
  }).pipe(Effect.scoped, Effect.withSpan("DatagramWorkers.runWorker"))

/** The counters of a socket as the channel takes them. */
const countersOf = (stats: DatagramStats): Counters => stats as unknown as Counters

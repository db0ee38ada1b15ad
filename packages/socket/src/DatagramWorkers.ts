/**
 * One server on several cores: processes that share a port, and are restarted when they die.
 *
 * `serve` binds a socket for each worker and passes it on as an open file. `runWorker` is the program that takes the socket over and answers.
 * The kernel distributes the peers over the sockets (`SO_REUSEPORT`), and each peer always has the same socket.
 *
 * **Details**
 *
 * The sockets stay open in the parent process, which never reads them. If a worker dies, only the datagrams that it had taken are lost. Its
 * successor answers those that wait in its socket or arrive meanwhile. No other peer moves to another worker.
 *
 * Only Linux distributes the peers of a port. On other systems one worker serves, with the same supervision. On Windows the worker owns its
 * socket, so datagrams that wait in it are lost with the worker.
 *
 * **Gotchas**
 *
 * A peer is an address and a port, so one busy peer has one worker. A datagram to a group reaches every socket that joined it, so a server
 * of a group should have one worker.
 *
 * @since 0.1.0
 */
import type { ForkOptions } from "node:child_process"
import { type ControlMessage, endpoint, type Endpoint, type EndpointInput, type Internet } from "@ancillary/control"
import { invalidBind, unsupported } from "@ancillary/engine/errors/DatagramError"
import { isUnavailable } from "@ancillary/engine/driver/Driver"
import { compileSpec } from "@ancillary/engine/socket"
import * as SocketOption from "@ancillary/engine/spec/SocketOption"
import { withReusePort } from "@ancillary/engine/spec/combinators/options"
import {
  type At,
  type Counters,
  obeyOrders,
  type Restart,
  type RunningWorkers,
  startWorkers,
  workerCount,
  type WorkerFault
} from "@ancillary/node"
import * as Datagram from "./Datagram.ts"
import { errorOf } from "./DatagramError.ts"
import { serveOn } from "./DatagramServer.ts"
import type { DatagramSocket, DatagramStats, SocketOptions } from "./DatagramSocket.ts"
import { checkOptions } from "./internal/serveOptions.ts"
import { system } from "./internal/system.ts"
import { type CheckedWorkers, checkWorkerOptions } from "./internal/workerOptions.ts"
import type { DatagramServer, Handler } from "./ServerTypes.ts"
import type { Spec } from "./Spec.ts"

export type { Restart } from "@ancillary/node"

/**
 * A worker is given up: it never served, or it ended or stopped answering and is not restarted.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramWorkerError extends Error implements WorkerFault {
  /** `Unresponsive`: its process was alive, did not answer for `patience`, and was killed. */
  readonly reason: WorkerFault["reason"]
  /** Index of the worker, from 0. */
  readonly worker: number
  /** Number of restarts before. */
  readonly restarts: number
  /** Exit code of a process that ended by itself. */
  readonly exitCode: number | undefined
  /** Signal that ended the process: `"SIGKILL"`, `"SIGSEGV"` … */
  readonly signal: string | undefined

  constructor(fault: WorkerFault) {
    super(fault.message)
    this.name = "DatagramWorkerError"
    this.reason = fault.reason
    this.worker = fault.worker
    this.restarts = fault.restarts
    this.exitCode = fault.exitCode
    this.signal = fault.signal
  }
}

/**
 * Options of a server with several workers. Times are in milliseconds.
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
  /** Time for handlers to finish when the server stops, by default 5000. */
  readonly shutdown?: number | undefined
  /** Time for a worker to start, by default 60,000. Then it is killed. `Infinity` waits without a limit. */
  readonly startup?: number | undefined
  /** Interval at which the counters of each worker are requested, by default 1000. */
  readonly heartbeat?: number | undefined
  /**
   * Time without an answer, by default 10,000. Then the worker is killed and restarted as if it had died. A process does not answer if it is
   * stopped (`SIGSTOP`, a debugger), or if it computes without a pause. `Infinity` never kills a worker.
   */
  readonly patience?: number | undefined
  /**
   * Waits for the next start of a worker that died, and resolves to `false` to give it up. By default it waits a tenth of a second before the
   * first restart, twice as long before each of the next, at most five seconds, and gives up after ten. If a worker never served, it is not
   * restarted the first time.
   */
  readonly restart?: Restart | undefined
  /** Receives a sentence about each worker that ended or is given up. `console.error` by default. */
  readonly onReport?: ((message: string) => void) | undefined
  /** Options of the worker's process. */
  readonly fork?: Pick<ForkOptions, "cwd" | "env" | "execArgv" | "execPath" | "gid" | "uid"> | undefined
}

/**
 * A server with running workers. `close` stops them.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramWorkers<out F extends Internet> extends AsyncDisposable {
  /** The endpoint that all workers share. */
  readonly localAddress: Endpoint<F>
  /** Returns each worker: the id of its process, absent unless it serves, and the number of its restarts. */
  readonly workers: () => ReadonlyArray<{ readonly pid: number | undefined; readonly restarts: number }>
  /**
   * Returns the sum over all workers, including earlier ones. Waits at most 5 seconds. If a worker does not answer, its last report counts. Each
   * worker also reports at `heartbeat`; if it is killed, counts since its last report are lost.
   */
  readonly stats: () => Promise<DatagramStats>
  /** Resolves with the error when a worker is given up, and with nothing when the server is closed. The other workers continue. */
  readonly failure: Promise<DatagramWorkerError | undefined>
  /** Stops reading, waits for the answers that have begun, and ends the processes. */
  readonly close: () => Promise<void>
}

/**
 * Binds a port and starts workers that answer on it. Resolves when all of them serve.
 *
 * **Details**
 *
 * Port 0 picks a free port, which all workers share. If another program has the port, `serve` rejects, even if that program would share it,
 * unless the spec declares `withReusePort()`. If a worker is given up, its socket is closed. The workers write to the standard output and error
 * of this process.
 *
 * Rejects with `DatagramUnsupportedError` if more than one worker is requested and the system does not distribute the peers (macOS, Windows).
 * Rejects with `DatagramWorkerError` if a worker does not serve within `startup`. Rejects with `DatagramBindError` of reason
 * `InvalidArgument` if an option is out of range.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramWorkers, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using workers = await DatagramWorkers.serve(spec, { address: "0.0.0.0", port: 5300 }, {
 *   program: new URL("worker.js", import.meta.url)
 * })
 * console.log(`listening on ${workers.localAddress}`)
 * const failure = await workers.failure
 * if (failure !== undefined) throw failure
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serve = async <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  options: Options
): Promise<DatagramWorkers<F>> => {
  const checked = checkWorkerOptions(options)
  const { driver } = await system.opener
  const { platform } = driver.abi
  const count = workerCount(platform, checked.workers)
  if (typeof count !== "number")
    throw errorOf(
      "invalid" in count
        ? invalidBind(count.invalid, "workers")
        : unsupported(`workers: ${checked.workers}`, count.unsupported, count.remedy)
    )
  // Winsock: a socket cannot be inherited by its number, so the only worker binds its own.
  const sockets = platform === "winsock" ? [] : await bindAll(spec, at, count)
  let running: RunningWorkers | undefined
  const close = async () => {
    await running?.stop()
    for (const socket of sockets) socket.close()
  }
  try {
    running = start(checked, sockets, plain(sockets[0]?.localAddress ?? at), count)
    const first = await running.ready
    if ("reason" in first) throw new DatagramWorkerError(first)
    return workersOf(
      running,
      sockets[0]?.localAddress ?? (endpoint<Internet>(spec.family, first) as Endpoint<F>),
      close
    )
  } catch (error) {
    await close()
    throw error
  }
}

const start = <F extends Internet, D extends ControlMessage.Any>(
  how: CheckedWorkers,
  sockets: ReadonlyArray<DatagramSocket<F, D>>,
  at: At,
  count: number
): RunningWorkers =>
  startWorkers({
    ...how,
    at,
    descriptors: Array.from({ length: count }, (_, i) => sockets[i]?.descriptor),
    // Closing the socket of a worker that is given up lets the kernel distribute its peers over the others.
    onGivenUp: async (worker) => sockets[worker]?.close()
  })

const workersOf = <F extends Internet>(
  running: RunningWorkers,
  localAddress: Endpoint<F>,
  close: () => Promise<void>
): DatagramWorkers<F> => {
  let closing: Promise<void> | undefined
  const closeOnce = () => (closing ??= close())
  return {
    localAddress,
    workers: running.state,
    // The counters of a worker are those of its socket. The channel does not express this.
    stats: async () => (await running.stats()) as unknown as DatagramStats,
    failure: running.failure.then((fault) => (fault === undefined ? undefined : new DatagramWorkerError(fault))),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce
  }
}

/**
 * Binds the sockets of one port. The first is bound without SO_REUSEPORT and shared afterwards. With the option it would join a socket of the
 * same user that already has the port, for example if a server is started twice.
 */
const bindAll = async <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  count: number
): Promise<ReadonlyArray<DatagramSocket<F, D>>> => {
  const first = await Datagram.bind(spec, at)
  const sockets = [first]
  try {
    if (count === 1) return sockets
    // Every internet family has the option, and Linux has the capability. The compiler cannot infer this through `F`.
    ;(first as unknown as SocketOptions<"ipv4">).setOption(SocketOption.reusePort, true)
    const shared = withReusePort()(spec as unknown as Spec<"ipv4", D, R>) as unknown as Spec<F, D, R>
    while (sockets.length < count)
      sockets.push(await Datagram.bind(shared, plain(first.localAddress) as unknown as EndpointInput<F>))
    return sockets
  } catch (error) {
    for (const socket of sockets) socket.close()
    throw error
  }
}

/** The endpoint in the form of the channel. */
const plain = (at: EndpointInput<Internet>): At => ({ address: String(at.address), port: at.port })

/**
 * The program of a worker. It takes over the socket that `serve` passes, and calls a function for each datagram until it is stopped.
 *
 * **Details**
 *
 * Handlers run, fail and end as those of `serve` of this package. Resolves when the parent process has stopped this one, or has ended.
 *
 * Rejects if the socket cannot be read any more. Rejects with `DatagramUnsupportedError` if no parent started it, and with
 * `DatagramBindError` of reason `InvalidArgument` if the spec or the handler cannot be used.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramWorkers, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await DatagramWorkers.runWorker(spec, (asked, socket) => Datagram.reply(socket, asked, asked.data))
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const runWorker = async <F extends Internet, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  handler: Handler<F, D>
): Promise<void> => {
  const { driver, maybe } = await system.opener
  const plan = compileSpec(spec, driver.abi, maybe)
  if ("_tag" in plan) throw errorOf(plan)
  checkOptions(handler, undefined)
  let server: DatagramServer<F, D> | undefined
  let unreadable: (error: unknown) => void = () => undefined
  const reading = new Promise<never>((_, reject) => (unreadable = reject))
  const count = async (): Promise<Counters> => (server?.stats() ?? {}) as unknown as Counters
  const close = async () => {
    await server?.close()
    server?.socket.close()
  }
  const obeying = obeyOrders({
    begin: async ({ at, concurrency, descriptor, shutdown }) => {
      // The input of an internet family is an address and a port. The compiler cannot infer this through EndpointInput<F>.
      const socket = await (descriptor === undefined
        ? Datagram.bind(spec, at as unknown as EndpointInput<F>)
        : Datagram.adopt(spec, descriptor))
      server = serveOn(socket, handler, { concurrency, shutdown })
      server.finished.catch(unreadable)
      return { at: plain(socket.localAddress), counters: await count() }
    },
    count,
    stop: async () => {
      await close()
      return count()
    }
  })
  if (isUnavailable(obeying)) throw errorOf(unsupported(obeying.feature, obeying.why, obeying.remedy))
  try {
    await Promise.race([obeying.over, reading])
  } finally {
    await close()
    obeying.close()
  }
}

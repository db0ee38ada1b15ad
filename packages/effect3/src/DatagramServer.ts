/**
 * A server as a resource: ready when its effect succeeded, stopped by its scope.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { type Duration, Effect, type Fiber, type Scope } from "effect"
import * as Datagram from "./Datagram.ts"
import type {
  DatagramBindError,
  DatagramReceiveError,
  DatagramUnsupportedError
} from "@ancillary/engine/errors/DatagramError"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { durationOf as readDuration } from "./internal/durations.ts"
import { checkHandler, checkOptions, checkSocket } from "./internal/serveOptions.ts"
import { serving } from "./internal/serving.ts"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"

/**
 * How a server runs its handlers.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServeOptions {
  /** Handlers that run at a time: 1 to 1,048,576, 64 by default. While all of them run nothing is read. */
  readonly concurrency?: number | undefined
  /** How long handlers may take to finish when the server stops, 5 seconds by default; `Infinity` for as long as they take. */
  readonly shutdown?: Duration.DurationInput | undefined
  /**
   * How long a handler's `send`, `sendAll` or `sink` on a Unix socket waits for room; after that its datagrams to full receivers are dropped and counted as
   * `unsent`. 0 by default: a client that never reads would hold every handler otherwise. `Infinity` waits as long as the receiver takes.
   *
   * It holds for the served socket only. Sends on an internet socket wait for this host's own buffer and have no limit.
   */
  readonly sendTimeout?: Duration.DurationInput | undefined
}

/**
 * Fails if an option of a server, or its handler, cannot be used. `serve` and `serveOn` check both before anything is opened.
 *
 * @category guards
 * @since 0.1.0
 */
export const check = (options: ServeOptions | undefined, handler: unknown): Effect.Effect<void, DatagramBindError> =>
  Effect.asVoid(Effect.zipRight(checkHandler(handler), checkOptions(options)))

/**
 * Reads a duration that no compiler has checked. `undefined` if it is negative, not a number, or not a duration: Effect's decoder makes zero of the first two.
 *
 * @category guards
 * @since 0.1.0
 */
export const durationOf = (given: unknown): Duration.Duration | undefined => readDuration(given)

/**
 * Binds a socket and runs a handler for each datagram. Succeeds with the socket once it is bound.
 *
 * **Details**
 *
 * At most `concurrency` handlers run at a time; while all of them run nothing is read, and the kernel's buffer is the queue.
 *
 * A handler that fails, dies, throws or returns no effect ends its own datagram only. The first failure of each kind is logged with its peer; all are
 * counted by `stats.handlers`. Each handler has a `Scope` of its own, which is closed when it ends, fails or is interrupted. Descriptors that came with a
 * datagram are its handler's to take as long as it runs.
 *
 * A datagram whose source is the socket's own address is forged; it is not handled, and `stats.fromItself` counts it. One that was sent to a group or a
 * broadcast address is handled, because other programs of this host may share the port.
 *
 * When the scope closes, reading stops. Handlers have `shutdown` to finish before they are interrupted, and as long again (5 seconds at least) to release
 * what they hold. Then the socket is closed. A handler that closes its own server is not waited for.
 *
 * Fails with `DatagramBindError` of reason `InvalidArgument` if an option is out of its range or the handler is not a function, and as `Datagram.bind` does.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
 *
 * const echo = serve(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const serve = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: ServeOptions
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    yield* checkHandler(handler)
    const checked = yield* checkOptions(options)
    const socket = yield* Datagram.bind(spec, at)
    yield* serving(socket, handler, checked)
    return socket
  }).pipe(Effect.withSpan("DatagramServer.serve"))

/**
 * Runs a handler for each datagram of a socket that is open already: one that was adopted, or is in a group. The socket's own scope has to outlive this
 * one.
 *
 * **Details**
 *
 * Handlers run, fail and end as those of `serve`. The fiber reads until the scope closes. It fails with what ended the reading before, which is logged,
 * too: `Closed` if the socket was closed.
 *
 * Fails with `DatagramBindError` of reason `InvalidArgument` if an option is out of its range, the handler is not a function, or the socket is none.
 *
 * @example
 * ```ts
 * import { Datagram, serveOn } from "@ancillary/effect3"
 * import { Effect } from "effect"
 *
 * // Bound by the program that started this one, and inherited as descriptor 3.
 * const activated = Effect.gen(function* () {
 *   const socket = yield* Datagram.adopt(Datagram.ipv4, 3)
 *   yield* serveOn(socket, ({ data, from }) => socket.send({ data, to: from }))
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const serveOn = <F extends Family, D extends ControlMessage.Any, E, R2>(
  socket: DatagramSocket<F, D>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: ServeOptions
): Effect.Effect<
  Fiber.RuntimeFiber<never, DatagramReceiveError>,
  DatagramBindError,
  Scope.Scope | Exclude<R2, Scope.Scope>
> =>
  Effect.gen(function* () {
    yield* checkSocket(socket)
    yield* checkHandler(handler)
    return yield* serving(socket, handler, yield* checkOptions(options))
  })

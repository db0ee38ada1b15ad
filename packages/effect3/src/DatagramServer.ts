/**
 * A server as a resource: it serves when its effect has succeeded, and its scope stops it.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Datagram from "./Datagram.ts"
import type { DatagramBindError, DatagramReceiveError, DatagramUnsupportedError } from "./DatagramError.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import type { StopReport } from "./internal/handlers.ts"
import { checkAddresses, checkHandler, checkOptions, checkSocket } from "./internal/serveOptions.ts"
import { withOwnScope } from "./internal/ownScope.ts"
import { annotateLocal } from "./internal/tracing.ts"
import { makeServer, serving } from "./internal/serving.ts"
import type { LimitOptions } from "@ancillary/engine/server"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"

export type { LimitOptions, ResponseRateOptions } from "@ancillary/engine/server"
export type { StopReport } from "./internal/handlers.ts"

/**
 * Options of a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServeOptions extends LimitOptions {
  /** Maximum number of running handlers: 1 to 1,048,576, by default 64. `overflow` decides about further datagrams. */
  readonly concurrency?: number | undefined
  /** Time for handlers to finish when the server stops, by default 5 seconds. `Infinity` waits without a limit. */
  readonly shutdown?: Duration.DurationInput | undefined
  /**
   * Time that a handler's `send`, `sendAll` or `sink` on a Unix socket waits for space. After that its datagrams to
   * full receivers are dropped and counted as `sendDropped`. The default is 0, because a client that never reads could block
   * every handler. `Infinity` waits without a limit.
   *
   * It applies only to the served socket. Sends on an internet socket wait for the buffer of this host and have no
   * limit.
   */
  readonly sendTimeout?: Duration.DurationInput | undefined
  /**
   * Treatment of datagrams while all handlers run. With `"wait"`, the default, they stay in the kernel's buffer, whose
   * overflow the kernel drops: the newest are lost. With `"drop"` they are read and dropped, and `stats.overflow` counts
   * them. Later datagrams are then answered sooner, because old ones do not wait in the kernel.
   */
  readonly overflow?: "wait" | "drop" | undefined
  /**
   * Maximum time of one handler, above 0, by default without a limit. After it the handler is interrupted, and
   * `stats.handlers.timedOut` counts it. The first one is logged. The handler counts as running until it has ended.
   */
  readonly timeLimit?: Duration.DurationInput | undefined
  /**
   * True if each datagram has a span `DatagramServer.handle`, in which its handler runs. It begins a trace, and has the
   * addresses and the size of the datagram. By default there are none, because a span costs more than most handlers.
   */
  readonly traced?: boolean | undefined
  /**
   * Runs when the server has stopped, with the number of handlers that were cut off. It may take as long as the
   * handlers. Its failures are ignored. By default only handlers that were cut off are logged.
   */
  readonly onStop?: ((report: StopReport) => Effect.Effect<void>) | undefined
}

/**
 * Binds a socket and runs a handler for each datagram. Returns the socket when it is bound.
 *
 * **Details**
 *
 * At most `concurrency` handlers run at a time. While all of them run, datagrams stay in the kernel's buffer, unless
 * `overflow` is `"drop"`.
 *
 * If a handler fails, dies, throws or returns no effect, only its own datagram is affected. The first failure of each
 * kind is logged with its peer, and `stats.handlers` counts all of them. Each handler has its own `Scope`, which is
 * closed when it ends, fails or is interrupted. A handler can take the descriptors of its datagram until it ends.
 *
 * If the source of a datagram is the socket's own address, it is forged. It is not handled, and `stats.fromItself`
 * counts it. If it was sent to a group or a broadcast address, it is handled, because other programs of this host may
 * share the port.
 *
 * When the scope closes, reading stops. Handlers have the time `shutdown` to finish before they are interrupted, and as
 * long again (at least 5 seconds) to release their resources. Then the socket is closed. If a handler closes its own
 * server, the server does not wait for it.
 *
 * Fails with `DatagramBindError` of reason `InvalidArgument` if an option is out of range or the handler is not a
 * function, and as `Datagram.bind` does.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
 *
 * const echo = serve(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * ```
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
    yield* annotateLocal(socket.localAddress)
    yield* serving(socket, handler, checked)
    return socket
  }).pipe(withOwnScope, Effect.withSpan("DatagramServer.serve"))

/**
 * Binds a socket to each of several addresses and runs one handler for the datagrams of all. Returns the sockets when all
 * are bound, in the order of the addresses. If one cannot be bound, the others are closed and it fails as `serve` does.
 *
 * **Details**
 *
 * The sockets share `concurrency`, and handlers run, fail and end as those of `serve`. The handler gets the socket that
 * received the datagram. Each socket has counters of its own.
 *
 * @example
 * ```ts
 * import { Datagram, serveAll, withPktInfo } from "@ancillary/effect3"
 *
 * const addresses = [{ address: "127.0.0.1", port: 5300 }, { address: "127.0.0.2", port: 5300 }]
 * const echo = serveAll(Datagram.ipv4.pipe(withPktInfo()), addresses, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serveAll = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  addresses: ReadonlyArray<EndpointInput<F>>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: ServeOptions
): Effect.Effect<
  ReadonlyArray<DatagramSocket<F, D>>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    yield* checkHandler(handler)
    const checked = yield* checkOptions(options)
    const each = yield* checkAddresses<F>(addresses)
    const sockets = yield* Effect.forEach(each, (at) => Datagram.bind(spec, at))
    const server = yield* makeServer(handler, checked)
    yield* Effect.forEach(sockets, (socket) => server.serve(socket), { discard: true })
    return sockets
  }).pipe(withOwnScope, Effect.withSpan("DatagramServer.serveAll"))

/**
 * A server as a layer. It serves when the layer is built, and stops when the layer is released. The layer fails as
 * `serve` does.
 *
 * @example
 * ```ts
 * import { Datagram, serveLayer, withPktInfo } from "@ancillary/effect3"
 * import { NodeSockets } from "@ancillary/effect3/node"
 * import { Effect, Layer } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * const Echo = serveLayer(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * Effect.runPromise(Layer.launch(Echo.pipe(Layer.provide(NodeSockets.layer))))
 * ```
 * @category layers
 * @since 0.1.0
 */
export const serveLayer = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: ServeOptions
): Layer.Layer<
  never,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Exclude<R | R2 | NeedsAll<D>, Scope.Scope>
> => Layer.scopedDiscard(serve(spec, at, handler, options))

/**
 * Runs a handler for each datagram of an open socket, such as one that was adopted or is in a group. The scope of the
 * socket must outlive this scope.
 *
 * **Details**
 *
 * Handlers run, fail and end as those of `serve`. The returned fiber reads until the scope closes. If reading ends
 * earlier, the fiber fails with the cause, which is also logged: `Closed` if the socket was closed.
 *
 * Fails with `DatagramBindError` of reason `InvalidArgument` if an option is out of range, the handler is not a
 * function, or the socket is not a socket.
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

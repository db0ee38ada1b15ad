/**
 * A server as a resource: it serves when its effect has succeeded, and its scope stops it.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Datagram from "./Datagram.ts"
import type { DatagramBindError, DatagramReceiveError, DatagramUnsupportedError } from "./DatagramError.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { checkHandler, checkOptions, checkSocket } from "./internal/serveOptions.ts"
import { serving } from "./internal/serving.ts"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"

/**
 * Options of a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServeOptions {
  /** Maximum number of running handlers: 1 to 1,048,576, by default 64. While that many run, no datagram is read. */
  readonly concurrency?: number | undefined
  /** Time for handlers to finish when the server stops, by default 5 seconds. `Infinity` waits without a limit. */
  readonly shutdown?: Duration.Input | undefined
  /**
   * Time that a handler's `send`, `sendAll` or `sink` on a Unix socket waits for space. After that its datagrams to
   * full receivers are dropped and counted as `sendDropped`. The default is 0, because a client that never reads could block
   * every handler. `Infinity` waits without a limit.
   *
   * It applies only to the served socket. Sends on an internet socket wait for the buffer of this host and have no
   * limit.
   */
  readonly sendTimeout?: Duration.Input | undefined
}

/**
 * Binds a socket and runs a handler for each datagram. Returns the socket when it is bound.
 *
 * **Details**
 *
 * At most `concurrency` handlers run at a time. While all of them run, datagrams stay in the kernel's buffer.
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
 * import { Datagram, serve, withPktInfo } from "@ancillary/effect"
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
    yield* serving(socket, handler, checked)
    return socket
  }).pipe(Effect.withSpan("DatagramServer.serve"))

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
 * import { Datagram, serveOn } from "@ancillary/effect"
 * import * as Effect from "effect/Effect"
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
): Effect.Effect<Fiber.Fiber<never, DatagramReceiveError>, DatagramBindError, Scope.Scope | Exclude<R2, Scope.Scope>> =>
  Effect.gen(function* () {
    yield* checkSocket(socket)
    yield* checkHandler(handler)
    return yield* serving(socket, handler, yield* checkOptions(options))
  })

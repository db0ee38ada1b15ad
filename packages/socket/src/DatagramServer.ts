/**
 * A server as a resource: ready when its effect succeeded, stopped by its scope.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import { Duration, Effect, type Fiber, FiberSet, type Scope } from "effect"
import * as Datagram from "./Datagram.ts"
import type {
  DatagramBindError,
  DatagramFault,
  DatagramReceiveError,
  DatagramUnsupportedError
} from "./DatagramError.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { hold } from "./internal/descriptors.ts"
import type { NeedsAll, Spec } from "./Spec.ts"

/**
 * Binds a socket and runs a handler for each datagram. Succeeds with the socket once it is bound.
 *
 * **Details**
 *
 * At most `concurrency` handlers run at a time (64 by default); while all are busy nothing is read and the kernel's buffer is the queue. A
 * handler that fails or dies is logged and its datagram is over; the server goes on. Descriptors that came with a datagram are its handler's to
 * take as long as it runs. When the scope closes, reading stops and handlers have
 * `shutdown` to finish (5 seconds by default) before they are interrupted and the socket is closed.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withPktInfo } from "@ancillary/socket"
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
  options?: { readonly concurrency?: number | undefined; readonly shutdown?: Duration.DurationInput | undefined }
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | R2 | NeedsAll<D>
> =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(spec, at)
    yield* serveOn(socket, handler, options)
    return socket
  }).pipe(Effect.withSpan("DatagramServer.serve"))

/**
 * The same on a socket that is there already: one that was adopted, or is in a group. Its own scope has to outlive this one.
 *
 * **Details**
 *
 * The fiber reads until the scope closes. It fails with what ended the reading before, which is logged, too: `Closed` where somebody closed the
 * socket.
 *
 * @example
 * ```ts
 * import { Datagram, serveOn } from "@ancillary/socket"
 * import { Effect } from "effect"
 *
 * // Bound by who started this program, and handed over as descriptor 3.
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
  options?: { readonly concurrency?: number | undefined; readonly shutdown?: Duration.DurationInput | undefined }
): Effect.Effect<Fiber.RuntimeFiber<never, DatagramReceiveError>, never, Scope.Scope | R2> =>
  Effect.gen(function* () {
    // Finalizers run from the last to the first: reading stops, handlers finish, those that do not are interrupted, the socket is closed.
    const handlers = yield* FiberSet.make<void>()
    // A finalizer cannot be interrupted, and so neither could its waiting: it is made interruptible for the time limit.
    const finished = Effect.interruptible(FiberSet.awaitEmpty(handlers))
    yield* Effect.addFinalizer(() => Effect.timeoutOption(finished, options?.shutdown ?? Duration.seconds(5)))
    const free = yield* Effect.makeSemaphore(options?.concurrency ?? 64)
    const handle = (datagram: Datagram.Datagram<F, D>) => {
      // Reading goes on before the handler has begun, and would close what came with its datagram.
      const release = hold(datagram.control)
      return handler(datagram, socket).pipe(
        Effect.catchAllCause((cause) =>
          Effect.logError(`The handler of a datagram from ${String(datagram.from)} failed`, cause)
        ),
        Effect.ensuring(Effect.sync(release)),
        Effect.ensuring(free.release(1))
      )
    }
    // A handler's place first, then the datagram: what is taken from the kernel has somebody to handle it.
    const next = Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        restore(free.take(1)),
        Effect.matchEffect(restore(socket.receive), {
          onSuccess: (datagram) => FiberSet.run(handlers, Effect.interruptible(handle(datagram))),
          onFailure: (error) => Effect.zipRight(free.release(1), endsReading(error) ? Effect.fail(error) : Effect.void)
        })
      )
    )
    return yield* Effect.forkScoped(
      Effect.tapError(Effect.forever(next), (error) => Effect.logError("The server stopped reading", error))
    )
  })

/** A fault is over with its datagram, and what a peer or a router said with the datagram that it was about. */
const endsReading = (error: DatagramFault | DatagramReceiveError): error is DatagramReceiveError =>
  error._tag === "DatagramReceiveError" && (error.reason === "Closed" || error.reason === "Other")

/**
 * A server that runs one program for each session: for each peer, or for each connection ID in the datagrams.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Datagram from "./Datagram.ts"
import type { DatagramBindError, DatagramUnsupportedError } from "./DatagramError.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { withOwnScope } from "./internal/ownScope.ts"
import { checkHandler } from "./internal/serveOptions.ts"
import { checkSessionOptions } from "./internal/sessionOptions.ts"
import { serving } from "./internal/sessions.ts"
import { annotateLocal } from "./internal/tracing.ts"
import type { Session, SessionOptions } from "./SessionTypes.ts"

export type { SessionKey } from "@ancillary/engine/server"
export type { Session, SessionOptions } from "./SessionTypes.ts"

/**
 * Binds a socket and runs a program for each session. Returns the socket when it is bound.
 *
 * **Details**
 *
 * A session begins with the first datagram of a key, which its program then receives. The program has its own fiber and
 * its own `Scope`. The session ends when its program ends or fails, when it received nothing for `idle`, when it is
 * evicted by a new session, or when the server stops. The next datagram of the key begins another session.
 *
 * If a program fails, dies, throws or returns no effect, only its own session ends. The first failure of each kind is
 * logged, and `stats.sessions` counts every end.
 *
 * When the scope closes, reading stops. Sessions that wait for a datagram end at once; the others have the time
 * `shutdown`, and are then interrupted. `Datagram.bind` has the errors.
 *
 * @example
 * ```ts
 * import { Datagram, serveSessions, withPktInfo } from "@ancillary/effect"
 * import { Stream } from "effect"
 *
 * // Numbers the datagrams of each peer.
 * const numbers = serveSessions(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 }, (session) =>
 *   Stream.runForEach(Stream.zipWithIndex(session.datagrams), ([, n]) => session.send(Uint8Array.of(n)))
 * )
 * ```
 * @see docs/servers.md
 * @category constructors
 * @since 0.1.0
 */
export const serveSessions = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  program: (session: Session<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: SessionOptions<F, D>
): Effect.Effect<
  DatagramSocket<F, D>,
  DatagramBindError | DatagramUnsupportedError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    yield* checkHandler(program)
    const checked = yield* checkSessionOptions(options)
    const socket = yield* Datagram.bind(spec, at)
    yield* annotateLocal(socket.localAddress)
    yield* serving(socket, program, checked)
    return socket
  }).pipe(withOwnScope, Effect.withSpan("DatagramServer.serveSessions"))

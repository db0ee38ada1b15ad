/**
 * A server that runs one program for each session: for each peer, or for each connection ID in the datagrams.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, EndpointInput, Family } from "@ancillary/control"
import type { LimitOptions, SessionKey } from "@ancillary/engine/server"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Datagram from "./Datagram.ts"
import type { DatagramBindError, DatagramSendError, DatagramUnsupportedError } from "./DatagramError.ts"
import type { StopReport } from "./DatagramServer.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { checkHandler } from "./internal/serveOptions.ts"
import { checkSessionOptions } from "./internal/sessionOptions.ts"
import { serving } from "./internal/sessions.ts"

export type { SessionKey } from "@ancillary/engine/server"

/**
 * One session of a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Session<in out F extends Family, in out D extends ControlMessage.Any> {
  readonly key: SessionKey
  /** The address that answers go to now: that of the first datagram, until `migrate`. */
  readonly peer: Effect.Effect<Endpoint<F>>
  /**
   * Takes the next datagram of the session. If the server stops while it waits, the session is interrupted. Interrupting
   * the wait loses nothing.
   */
  readonly receive: Effect.Effect<Datagram.Datagram<F, D>>
  /** Takes the next datagram, or returns `None` after the duration. Unlike `Effect.timeout` it never loses a datagram. */
  readonly receiveWithin: (duration: Duration.DurationInput) => Effect.Effect<Option.Option<Datagram.Datagram<F, D>>>
  /** Streams the datagrams of the session. It ends with the session. */
  readonly datagrams: Stream.Stream<Datagram.Datagram<F, D>>
  /**
   * Sends to the peer. If the spec declares packet information, the source is the address to which the peer has sent, as
   * with `Datagram.reply`.
   */
  readonly send: (data: Uint8Array | ReadonlyArray<Uint8Array>) => Effect.Effect<void, DatagramSendError>
  /**
   * Sends answers to the source of this datagram from now on. The peer of a session with a key from the bytes may get
   * another address, when a NAT forgets it or it changes its network. Check the datagram first: anyone may copy a
   * connection ID.
   */
  readonly migrate: (datagram: Datagram.Datagram<F, D>) => Effect.Effect<void>
  /**
   * Marks the peer as validated, because it has proven its address. Its answers have no limit, and a flood of new
   * sessions does not evict this one.
   */
  readonly validate: Effect.Effect<void>
}

/**
 * Options of a server with sessions.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionOptions<F extends Family, D extends ControlMessage.Any> extends LimitOptions {
  /**
   * Returns the key of a datagram, by default its source address and port. Bytes are compared by value. If it returns
   * `undefined` or throws, the datagram is dropped and counted as `stats.sessions.unkeyed`.
   */
  readonly key?: ((datagram: Datagram.Datagram<F, D>) => SessionKey | Uint8Array | undefined) | undefined
  /**
   * Maximum number of sessions, 1 to 16,777,216, by default 10,000. With more, the session that received nothing for the
   * longest time is interrupted: one that is not validated, if there is one.
   */
  readonly maximum?: number | undefined
  /** Maximum number of datagrams that wait in a session, 1 to 65,536, by default 16. More are dropped and counted. */
  readonly inbox?: number | undefined
  /** Time without a datagram after which a session is interrupted, above 0, by default 30 seconds. */
  readonly idle?: Duration.DurationInput | undefined
  /** Time for sessions to finish when the server stops, by default 5 seconds. `Infinity` waits without a limit. */
  readonly shutdown?: Duration.DurationInput | undefined
  /** Runs when the server has stopped, with the number of sessions that were cut off. */
  readonly onStop?: ((report: StopReport) => Effect.Effect<void>) | undefined
}

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
 * import { Datagram, serveSessions, withPktInfo } from "@ancillary/effect3"
 * import * as Stream from "effect/Stream"
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
    yield* serving(socket, program, checked)
    return socket
  }).pipe(Effect.withSpan("DatagramServer.serveSessions"))

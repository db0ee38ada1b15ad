/**
 * Types of sessions: their interface for programs, and the options of their server.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import type { LimitOptions, SessionKey } from "@ancillary/engine/server"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { DatagramSendError } from "./DatagramError.ts"
import type { StopReport } from "./internal/handlers.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

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
   * Takes the next datagram of the session. If the server stops or the session ends while it waits, its fiber is
   * interrupted. Interrupting the wait loses nothing.
   */
  readonly receive: Effect.Effect<Datagram<F, D>>
  /** Takes the next datagram, or returns `None` after the duration. Unlike `Effect.timeout` it never loses a datagram. */
  readonly receiveWithin: (duration: Duration.DurationInput) => Effect.Effect<Option.Option<Datagram<F, D>>>
  /** Streams the datagrams of the session. It ends with the session. */
  readonly datagrams: Stream.Stream<Datagram<F, D>>
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
  readonly migrate: (datagram: Datagram<F, D>) => Effect.Effect<void>
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
  readonly key?: ((datagram: Datagram<F, D>) => SessionKey | Uint8Array | undefined) | undefined
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
  /** True if each session has a span `DatagramServer.session`, which begins a trace. By default there are none. */
  readonly traced?: boolean | undefined
  /** Runs when the server has stopped, with the number of sessions that were cut off. */
  readonly onStop?: ((report: StopReport) => Effect.Effect<void>) | undefined
}

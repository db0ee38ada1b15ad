/**
 * Types of sessions: their interface for programs, and the options of their server.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import type { LimitOptions, SessionKey } from "@ancillary/engine/server"
import type { DatagramSendError } from "./DatagramError.ts"
import type { DatagramSocket, Waiting } from "./DatagramSocket.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

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
  readonly peer: Endpoint<F>
  /**
   * Aborts when the session ends: it is idle, evicted or stopped, or its program has ended. `signal.reason` is the `DatagramSessionError`.
   */
  readonly signal: AbortSignal
  /** Iterates over the datagrams of the session: `for await (const datagram of session)`. The loop ends with the session. */
  readonly [Symbol.asyncIterator]: () => AsyncIterableIterator<Datagram<F, D>, undefined, undefined>
  /** Iterates over the datagrams of the session. If the signal aborts, the loop throws its reason, and takes nothing. */
  readonly datagrams: (options?: Waiting) => AsyncIterableIterator<Datagram<F, D>, undefined, undefined>
  /** Takes the next datagram of the session. Rejects with a `DatagramSessionError` if the session ends. */
  readonly receive: (options?: Waiting) => Promise<Datagram<F, D>>
  /**
   * Takes the next datagram, or resolves with `undefined` after this number of milliseconds. Unlike a race with a timer it never loses a
   * datagram. Rejects as `receive` does.
   */
  readonly receiveWithin: (milliseconds: number, options?: Waiting) => Promise<Datagram<F, D> | undefined>
  /**
   * Sends to the peer. If the spec declares packet information, the source is the address to which the peer has sent, as with
   * `Datagram.reply`. A send that waits for space rejects with a `DatagramSessionError` when the session ends.
   */
  readonly send: (data: Uint8Array | ReadonlyArray<Uint8Array>, options?: Waiting) => Promise<void>
  /** Sends to the peer at once. Returns the error, or `undefined` if it was sent. It is `WouldBlock` if the send buffer is full. */
  readonly trySend: (data: Uint8Array | ReadonlyArray<Uint8Array>) => DatagramSendError | undefined
  /**
   * Sends answers to the source of this datagram from now on. The peer of a session with a key from the bytes may get another address, when a
   * NAT forgets it or it changes its network. Check the datagram first: anyone may copy a connection ID.
   */
  readonly migrate: (datagram: Datagram<F, D>) => void
  /**
   * Marks the peer as validated, because it has proven its address. Its answers have no limit, and a flood of new sessions does not evict
   * this one.
   */
  readonly validate: () => void
}

/**
 * The program of a session. The session ends when its promise settles, or at once if it returns none.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionProgram<F extends Family, D extends ControlMessage.Any> = (
  session: Session<F, D>,
  socket: DatagramSocket<F, D>
) => unknown

/**
 * Options of a server with sessions. Times are in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface SessionOptions<F extends Family, D extends ControlMessage.Any> extends LimitOptions {
  /**
   * Returns the key of a datagram, by default its source address and port. Bytes are compared by value. If it returns `undefined` or throws,
   * the datagram is dropped and counted as `stats().sessions.unkeyed`.
   */
  readonly key?: ((datagram: Datagram<F, D>) => SessionKey | Uint8Array | undefined) | undefined
  /**
   * Maximum number of sessions, 1 to 16,777,216, by default 10,000. With more, the session that received nothing for the longest time ends:
   * one that is not validated, if there is one.
   */
  readonly maximum?: number | undefined
  /** Maximum number of datagrams that wait in a session, 1 to 65,536, by default 16. More are dropped and counted. */
  readonly inbox?: number | undefined
  /** Time without a datagram after which a session ends, above 0, by default 30,000. `Infinity` never ends one. */
  readonly idle?: number | undefined
  /** Time for sessions to finish when the server stops, by default 5000. `Infinity` waits without a limit. */
  readonly shutdown?: number | undefined
  /** Stops the server, as `close` does. If it is aborted already, `serveSessions` rejects with its reason and opens nothing. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called with each exception or rejection of a program, and the peer of its session. By default the first failure of each kind is printed
   * with `console.error`. An exception of this function is ignored.
   */
  readonly onError?: ((error: unknown, peer: Endpoint<Family>) => void) | undefined
}

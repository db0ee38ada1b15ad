/**
 * Types of a server: its options, its handler, and the running server.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Endpoint, Family } from "@ancillary/control"
import type { LimitOptions } from "@ancillary/engine/server"
import type { DatagramSocket, DatagramStats } from "./DatagramSocket.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

export type { LimitOptions, ResponseRateOptions } from "@ancillary/engine/server"

/**
 * Options of a server.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServeOptions extends LimitOptions {
  /** Maximum number of handlers whose promises are pending: 1 to 1,048,576, by default 64. `overflow` decides about further datagrams. */
  readonly concurrency?: number | undefined
  /** Milliseconds for handlers to finish when the server stops, by default 5000. `Infinity` waits without a limit. */
  readonly shutdown?: number | undefined
  /**
   * Milliseconds that a handler's `send` or `sendAll` on a Unix socket waits for space. After that its datagrams to full receivers are
   * dropped and counted as `sendDropped`. The default is 0, because a client that never reads could block every handler. `Infinity` waits
   * without a limit.
   *
   * It applies only to the socket that the handler gets. Sends on an internet socket wait for the buffer of this host and have no limit.
   */
  readonly sendTimeout?: number | undefined
  /**
   * Treatment of datagrams while all handlers are pending. With `"wait"`, the default, they stay in the kernel's buffer, whose overflow the
   * kernel drops: the newest are lost. With `"drop"` they are read and dropped, and `stats().overflow` counts them. Later datagrams are then
   * answered sooner, because old ones do not wait in the kernel.
   */
  readonly overflow?: "wait" | "drop" | undefined
  /**
   * Maximum milliseconds of one handler, above 0, by default without a limit. After it the handler's signal aborts, another handler may run
   * in its place, and `stats().handlers.timedOut` counts it. The first one is printed, or given to `onError`.
   */
  readonly timeLimit?: number | undefined
  /** Stops the server, as `close` does. If it is aborted already, `serve` rejects with its reason and opens nothing. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called with each exception or rejection of a handler, and the sender of its datagram. By default the first failure of each kind is
   * printed with `console.error`. An exception of this function is ignored.
   */
  readonly onError?: ((error: unknown, from: Endpoint<Family>) => void) | undefined
}

/**
 * Handlers that were pending when a server began to stop.
 *
 * @category models
 * @since 0.1.0
 */
export interface StopReport {
  /** Handlers that ended within `shutdown`. */
  readonly finished: number
  /** Handlers that did not, and ended when their signal aborted. */
  readonly interrupted: number
  /** Handlers that did not end when their signal aborted. The server did not wait any longer for them. */
  readonly abandoned: number
}

/**
 * A function that handles one datagram. It may return a promise. `signal` aborts when the server stops and does not wait any longer, and
 * when `timeLimit` is over.
 *
 * @category models
 * @since 0.1.0
 */
export type Handler<F extends Family, D extends ControlMessage.Any> = (
  datagram: Datagram<F, D>,
  socket: DatagramSocket<F, D>,
  signal: AbortSignal
) => unknown

/**
 * A running server.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramServer<in out F extends Family, in D extends ControlMessage.Any> extends AsyncDisposable {
  /** The served socket. Reading from it takes datagrams away from the handlers. */
  readonly socket: DatagramSocket<F, D>
  readonly localAddress: Endpoint<F>
  /** Returns the counters of the socket. `handlers` are those of the server. */
  readonly stats: () => DatagramStats
  /**
   * Settles when the server has stopped. It rejects with a `DatagramReceiveError` if reading failed with an unknown error, which is also
   * printed.
   */
  readonly finished: Promise<void>
  /**
   * Stops reading, waits for the handlers as long as `shutdown`, and then closes the socket of `serve`. Handlers that still run then have
   * their signal aborted, and as long again (at least 5 seconds) to end. Every call returns the same promise, with the numbers of both.
   *
   * A handler that awaits it waits for itself, until `shutdown` is over.
   */
  readonly close: () => Promise<StopReport>
}

/**
 * A running server of several sockets.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramServers<in out F extends Family, in D extends ControlMessage.Any> extends AsyncDisposable {
  /** The served sockets, in the order of their addresses. Each has counters of its own. */
  readonly sockets: ReadonlyArray<DatagramSocket<F, D>>
  /**
   * Settles when the server has stopped. It rejects with a `DatagramReceiveError` if reading a socket failed with an unknown error, which is
   * also printed.
   */
  readonly finished: Promise<void>
  /** Stops reading all sockets, waits for the handlers, and closes the sockets, as `close` of a `DatagramServer` does. */
  readonly close: () => Promise<StopReport>
}

/**
 * Types of a client that asks and waits for answers.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { SessionKey } from "@ancillary/engine/server"
import type { Closable, DatagramSocket, Outgoing, Waiting } from "./DatagramSocket.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

/**
 * A request: a message, and the key of its answer. It may be sent several times, so do not change it until it has ended.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<F extends Family, D extends ControlMessage.Any> extends Outgoing<F, D> {
  /** Key that `key` finds in the answer. Only one request with a key waits at a time. Choose it at random, against forged answers. */
  readonly key: SessionKey | Uint8Array
}

/**
 * Times of a request, in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transmission {
  /**
   * Times between the transmissions, by default 1000, 2000 and 4000 (RFC 5389 and RFC 1035 have similar ones). A function gets the number of
   * transmissions so far, 1 or more, and returns the time until the next one. After `undefined` no more follow. If it throws, the request
   * rejects.
   */
  readonly retransmit?: ReadonlyArray<number> | ((transmissions: number) => number | undefined) | undefined
  /** Time after the last transmission until a request rejects with `NoAnswer`, by default 5000. `Infinity` waits without a limit. */
  readonly timeout?: number | undefined
}

/**
 * Options of a client.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions<F extends Family, D extends ControlMessage.Any> extends Transmission {
  /** Returns the key of an answer. If it returns `undefined` or throws, the datagram is counted as `unknown`. */
  readonly key: (datagram: Datagram<F, D>) => SessionKey | Uint8Array | undefined
}

/**
 * Counters of a client. `started` is the sum of the ends and of `waiting`. `received` is the sum of `answered` and of the ignored datagrams.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientStats {
  readonly started: bigint
  readonly answered: bigint
  /** Requests that rejected with `NoAnswer`. */
  readonly unanswered: bigint
  /** Requests whose signal aborted. */
  readonly cancelled: bigint
  /** Requests that could not be sent, or whose socket failed. */
  readonly failed: bigint
  readonly waiting: bigint
  readonly retransmitted: bigint
  readonly received: bigint
  /** Answers to requests that had ended without one. */
  readonly late: bigint
  /** Answers to requests that were answered before. The last 1,024 ended requests are remembered. */
  readonly duplicate: bigint
  /** Answers to a waiting request from an address that was not asked. */
  readonly foreign: bigint
  /** Datagrams without a key, or with one that no request has. */
  readonly unknown: bigint
}

/**
 * A client. `close` closes its socket, and requests that wait reject with `Closed`.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramClient<in out F extends Family, in out D extends ControlMessage.Any> extends Closable {
  /** The socket. Reading from it takes answers away from the requests. */
  readonly socket: DatagramSocket<F, D>
  /**
   * Sends a request and resolves with its answer: the first datagram with its key from the address that was asked. Sends again by `retransmit`
   * until then. If the signal aborts, it rejects with its reason; a later answer is ignored and counted.
   *
   * Rejects with `DatagramRequestError` of reason `NoAnswer` if the last transmission was `timeout` ago. Rejects with `DatagramSendError` if it
   * cannot be sent, of reason `InvalidArgument` if a request with the key waits already. Rejects with `DatagramReceiveError` if the socket
   * cannot be read.
   */
  readonly request: (request: Request<F, D>, options?: Transmission & Waiting) => Promise<Datagram<F, D>>
  /** Returns the counters of the requests. `socket.stats()` has those of the datagrams. */
  readonly stats: () => ClientStats
}

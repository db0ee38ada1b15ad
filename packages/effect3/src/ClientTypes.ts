/**
 * Types of a client that asks and waits for answers.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { SessionKey } from "@ancillary/engine/server"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type {
  DatagramBindError,
  DatagramReceiveError,
  DatagramRequestError,
  DatagramSendError
} from "./DatagramError.ts"
import type { DatagramSocket, Outgoing } from "./DatagramSocket.ts"
import type { Datagram } from "./ReceivedDatagram.ts"

/**
 * A request: a message, and the key of its answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request<F extends Family, D extends ControlMessage.Any> extends Outgoing<F, D> {
  /** Key that `key` finds in the answer. Only one request with a key waits at a time. Choose it at random, against forged answers. */
  readonly key: SessionKey | Uint8Array
}

/**
 * Options of a client.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientOptions<F extends Family, D extends ControlMessage.Any> {
  /** Returns the key of an answer. If it returns `undefined` or throws, the datagram is counted as `unknown`. */
  readonly key: (datagram: Datagram<F, D>) => SessionKey | Uint8Array | undefined
  /**
   * Schedule of the retransmissions. By default 3, after 1, 2 and 4 more seconds (RFC 5389 and RFC 1035 have similar
   * ones). A request may have its own.
   */
  readonly retransmit?: Schedule.Schedule<unknown> | undefined
  /** Time after the last transmission until a request fails with `NoAnswer`, by default 5 seconds. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * Counters of a client. `started` is the sum of the ends and of `waiting`. `received` is the sum of `answered` and of the
 * ignored datagrams.
 *
 * @category models
 * @since 0.1.0
 */
export interface ClientStats {
  readonly started: bigint
  readonly answered: bigint
  /** Requests that failed with `NoAnswer`. */
  readonly unanswered: bigint
  /** Requests that were interrupted. */
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
 * A client.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramClient<in out F extends Family, in out D extends ControlMessage.Any> {
  /** The socket. Reading from it takes answers away from the requests. */
  readonly socket: DatagramSocket<F, D>
  /**
   * Sends a request and returns its answer: the first datagram with its key from the address that was asked. Sends again
   * by the schedule until then. Interrupting it ends the request; a later answer is ignored and counted.
   *
   * Fails with `DatagramRequestError` of reason `NoAnswer` if the schedule and `timeout` are over, and of reason
   * `InvalidArgument` if a request with the key waits already. Fails with `DatagramSendError` if it cannot be sent, and
   * with `DatagramReceiveError` if the socket cannot be read: of reason `Closed` if the client's scope closes.
   */
  readonly request: (
    request: Request<F, D>,
    options?: Pick<ClientOptions<F, D>, "retransmit" | "timeout">
  ) => Effect.Effect<
    Datagram<F, D>,
    DatagramRequestError | DatagramSendError | DatagramReceiveError | DatagramBindError
  >
  readonly stats: Effect.Effect<ClientStats>
}

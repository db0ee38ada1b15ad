/**
 * Types of a hand-over: its options, its functions and its error.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Internet } from "@ancillary/control"
import type { HandOverFault } from "@ancillary/node"
import type { Closable, DatagramSocket, Waiting } from "./DatagramSocket.ts"
import type { Spec } from "./Spec.ts"

/**
 * A hand-over that failed.
 *
 * @category errors
 * @since 0.1.0
 */
export class HandOverError extends Error {
  /**
   * `NoAnswer`: the running program did not answer or did not stop within `patience`. `Refused`: it hands its sockets to another program.
   * `Path`: the socket for the next program could not get the path. `NotNotified`: systemd did not get a message.
   */
  readonly reason: HandOverFault["reason"]
  /** Path of the hand-over. `undefined` if it has none. */
  readonly path: string | undefined

  constructor(fault: HandOverFault) {
    super(fault.message)
    this.name = "HandOverError"
    this.reason = fault.reason
    this.path = fault.path
  }
}

/**
 * Options of a hand-over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Waiting {
  /**
   * Path of a Unix socket, the same for each program that follows another. Absent: only systemd passes sockets. The path and a program's id
   * have room in a socket address (Linux: 107 bytes).
   */
  readonly path?: string | undefined
  /** Milliseconds for the running program to answer, and then to stop, each 30,000 by default. */
  readonly patience?: number | undefined
  /**
   * Stores the sockets in the descriptor store of systemd, by default false. It requires `FileDescriptorStoreMax=` in the unit. systemd then
   * passes them to the next program, also after a crash.
   */
  readonly store?: boolean | undefined
}

/**
 * A hand-over. `close` ends it, and a successor begins then. So close the servers and sockets before it: `await using` closes what was made
 * last first.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandOver extends Closable {
  /**
   * Takes over the socket of this name, or binds one to `at` if none was passed. Each name is that of one socket: 1 to 255 characters without
   * `:` and without control characters. Rejects as `Datagram.bind` and `Datagram.adopt` do.
   */
  readonly bind: <F extends Internet, D extends ControlMessage.Any, R>(
    name: string,
    spec: Spec<F, D, R>,
    at: EndpointInput<F>
  ) => Promise<DatagramSocket<F, D>>
  /**
   * Runs a server until a successor serves, in place of `begin` and `awaitSuccessor`. Waits until the running program has stopped, and calls
   * `start`, which resolves with a server that reads, such as that of `serveOn`. When a successor has the sockets, the server is disposed of.
   * If the successor ends before its own server runs, `start` is called again for the same sockets. So a successor that fails or is killed
   * does not leave the sockets without a reader.
   *
   * Rejects with the error of `start`, with `HandOverError`, and with `DatagramBindError` of reason `InvalidArgument` if `start` is not a
   * function or returns nothing that can be disposed of. If the signal aborts, the server is disposed of first.
   */
  readonly serve: (start: () => AsyncDisposable | Promise<AsyncDisposable>, options?: Waiting) => Promise<void>
  /**
   * The first half of `serve`. Waits until the running program has stopped. Call it when all sockets are bound, and read them afterwards. Passed sockets that no `bind`
   * took are closed. systemd gets `READY=1` and `MAINPID`. From then on a successor can take the sockets. Rejects with `HandOverError`. If
   * the signal aborts, only the wait ends: another call waits again.
   */
  readonly begin: (options?: Waiting) => Promise<void>
  /**
   * The second half of `serve`. Waits until a successor has the sockets and waits for this program to stop. Close the servers, the sockets and
   * the hand-over then. If the successor is killed after that, no program has the sockets.
   */
  readonly awaitSuccessor: (options?: Waiting) => Promise<void>
  /** Returns the names of passed sockets that no `bind` took yet. */
  readonly unclaimed: () => ReadonlyArray<string>
}

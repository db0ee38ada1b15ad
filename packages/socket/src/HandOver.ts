/**
 * Sockets that outlive their program, so that a restart loses no datagram.
 *
 * A new program takes the bound sockets of the running one over a Unix socket. The running program stops reading, finishes its answers and
 * ends. Meanwhile datagrams wait in the kernel's buffer. Sockets that systemd passes (`LISTEN_FDS`, `LISTEN_FDNAMES`), also from its
 * descriptor store, are taken in the same way.
 *
 * **Details**
 *
 * The socket in the kernel stays the same: its port, its options, its datagrams, and its place among the sockets of a shared port. So
 * `withSteering` keeps the sessions of a worker with its successor.
 *
 * Only programs of the same user, or of root, are answered on Linux. On macOS the permissions of the directory decide. Windows has no Unix
 * datagram sockets.
 *
 * **Gotchas**
 *
 * A multicast membership ends with the program that joined, also for the successor. Join the group again after `begin`.
 *
 * @see unix(7); sd_listen_fds(3); sd_notify(3)
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Internet } from "@ancillary/control"
import { makeHandOver } from "./internal/handOver.ts"
import { system } from "./internal/system.ts"
import type { Closable, DatagramSocket, Waiting } from "./DatagramSocket.ts"
import type { Spec } from "./Spec.ts"

export { HandOverError } from "./internal/handOver.ts"

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

/**
 * Takes the sockets of the running program, if there is one, and those that systemd passed.
 *
 * **Details**
 *
 * Rejects with `HandOverError` if a program has the path and does not answer within `patience`. Rejects with `DatagramBindError` if the Unix
 * socket cannot be bound, and of reason `InvalidArgument` if an option is invalid. Rejects with `DatagramUnsupportedError` for a path on
 * Windows.
 *
 * @example
 * ```ts
 * import { Datagram, HandOver, serveOn, withPktInfo } from "@ancillary/socket"
 * import { tmpdir } from "node:os"
 * import { join } from "node:path"
 *
 * await using handOver = await HandOver.make({ path: join(tmpdir(), "echo-promises.sock") })
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using socket = await handOver.bind("echo", spec, { address: "0.0.0.0", port: 5300 })
 * await handOver.serve(() => serveOn(socket, (asked, socket) => Datagram.reply(socket, asked, asked.data)))
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const make = (options?: Options): Promise<HandOver> => makeHandOver(system, options)

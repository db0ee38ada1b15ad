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
import type { HandOver, Options } from "./HandOverTypes.ts"
import { makeHandOver } from "./internal/handOver.ts"
import { system } from "./internal/system.ts"

export { type HandOver, HandOverError, type Options } from "./HandOverTypes.ts"

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

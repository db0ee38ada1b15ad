/**
 * A server: it serves when its promise has resolved, and stops when it is closed.
 *
 * @since 0.1.0
 */
import type { ControlMessage, EndpointInput, Family } from "@ancillary/control"
import type { DatagramSocket } from "./DatagramSocket.ts"
import { givenOf, serveAllWith, serveWith } from "./internal/serve.ts"
import { checkOptions, checkSocket } from "./internal/serveOptions.ts"
import { Serving } from "./internal/serving.ts"
import { system } from "./internal/system.ts"
import type { DatagramServer, DatagramServers, Handler, ServeOptions } from "./ServerTypes.ts"
import type { Spec } from "./Spec.ts"

export type {
  DatagramServer,
  DatagramServers,
  Handler,
  LimitOptions,
  ResponseRateOptions,
  ServeOptions,
  StopReport
} from "./ServerTypes.ts"

/**
 * Binds a socket and calls a function for each datagram. Resolves with the server when the socket is bound.
 *
 * **Details**
 *
 * At most `concurrency` handlers are pending at a time. While all of them are, datagrams stay in the kernel's buffer, unless `overflow` is
 * `"drop"`.
 *
 * If a handler throws or rejects, only its own datagram is affected. `onError` gets the error, and `stats().handlers` counts it. A handler
 * can take the descriptors of its datagram until it ends.
 *
 * If the source of a datagram is the socket's own address, it is forged. It is not handled, and `stats().fromItself` counts it. If it was
 * sent to a group or a broadcast address, it is handled, because other programs of this host may share the port.
 *
 * Rejects with `DatagramBindError` of reason `InvalidArgument` if an option is out of range or the handler is not a function, and as
 * `Datagram.bind` does.
 *
 * @example
 * ```ts
 * import { Datagram, serve, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using server = await serve(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * await server.finished
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serve = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  at: EndpointInput<F>,
  handler: Handler<F, D>,
  options?: ServeOptions
): Promise<DatagramServer<F, D>> => serveWith(system, spec, at, handler, options)

/**
 * Binds a socket to each of several addresses and calls one function for the datagrams of all. Resolves when all are bound, in the order of
 * the addresses. If one cannot be bound, the others are closed and it rejects as `serve` does.
 *
 * **Details**
 *
 * The sockets share `concurrency`, and take turns if all handlers are pending. Handlers run, fail and end as those of `serve`. The handler
 * gets the socket that received the datagram. Each socket has counters of its own.
 *
 * The server stops if one of the sockets cannot be read, or if all are closed. If the program closes one of them, the others go on.
 *
 * @example
 * ```ts
 * import { Datagram, serveAll, withPktInfo } from "@ancillary/socket"
 *
 * const addresses = [{ address: "127.0.0.1", port: 5300 }, { address: "127.0.0.2", port: 5300 }]
 * await using server = await serveAll(Datagram.ipv4.pipe(withPktInfo()), addresses, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * await server.finished
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serveAll = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  addresses: ReadonlyArray<EndpointInput<F>>,
  handler: Handler<F, D>,
  options?: ServeOptions
): Promise<DatagramServers<F, D>> => serveAllWith(system, spec, addresses, handler, options)

/**
 * Calls a function for each datagram of an open socket, such as one that was adopted or is in a group. Closing the server leaves the socket
 * open.
 *
 * **Details**
 *
 * Handlers run, fail and end as those of `serve`. If the socket is closed, the server stops.
 *
 * Throws a `DatagramBindError` of reason `InvalidArgument` if an option is out of range, the handler is not a function, or the socket is not
 * a socket.
 *
 * @example
 * ```ts
 * import { Datagram, serveOn } from "@ancillary/socket"
 *
 * // Bound by the program that started this one, and inherited as descriptor 3.
 * const socket = await Datagram.adopt(Datagram.ipv4, 3)
 * const server = serveOn(socket, ({ data, from }, socket) => socket.send({ data, to: from }))
 * await server.finished
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serveOn = <F extends Family, D extends ControlMessage.Any>(
  socket: DatagramSocket<F, D>,
  handler: Handler<F, D>,
  options?: ServeOptions
): DatagramServer<F, D> => {
  // A value that is not a socket is found first.
  checkSocket(socket)
  const checked = checkOptions(handler, options)
  checked.signal?.throwIfAborted()
  return new Serving(checked, false).serve([givenOf(socket, checked)]).server(socket)
}

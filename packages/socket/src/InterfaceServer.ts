/**
 * A server on each interface of the host that matches, also on those that appear later.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { InterfaceServer, ServedInterfaces } from "./InterfaceServerTypes.ts"
import { serveInterfacesWith } from "./internal/interfaceServing.ts"
import { system } from "./internal/system.ts"
import type { Handler, ServeOptions } from "./ServerTypes.ts"
import type { Spec } from "./Spec.ts"

export type { InterfaceServer, InterfaceStats, ServedInterfaces } from "./InterfaceServerTypes.ts"

/**
 * Serves on each interface that matches, and follows their changes. An address that appears is bound, and its socket is closed when the
 * address or its interface is gone. Resolves when all present ones are bound.
 *
 * **Details**
 *
 * With `groups` there is one socket, bound to every address, which joins the groups on each interface that has multicast. It leaves them
 * when the interface is gone or does not match any more.
 *
 * Handlers run, fail and end as those of `serve`, and share `concurrency`. If an address is gone, its handlers go on, and their sends fail
 * with `Closed`. Tentative and duplicate addresses are not served.
 *
 * If a present interface cannot be served, it rejects as `serve` does or with the error of `join`, and with `DatagramInterfaceError` if the
 * system cannot list its interfaces. Later failures are printed once per kind and counted by `stats().failed`, and the interface is tried
 * again when it changes. So is one whose socket the program closed, or cannot be read.
 *
 * @example
 * ```ts
 * import { Datagram, serveInterfaces, withPktInfo } from "@ancillary/socket"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using server = await serveInterfaces(
 *   spec,
 *   { port: 5300, matches: ({ loopback, up }) => up && !loopback },
 *   (asked, socket) => Datagram.reply(socket, asked, asked.data)
 * )
 * await server.finished
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serveInterfaces = <F extends Family, D extends ControlMessage.Any, R>(
  spec: Spec<F, D, R>,
  where: ServedInterfaces<F>,
  handler: Handler<F, D>,
  options?: ServeOptions
): Promise<InterfaceServer<F, D>> => serveInterfacesWith(system, spec, where, handler, options)

/**
 * A server on each interface of the host that matches, also on those that appear later.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { NetworkInterface } from "@ancillary/engine/driver/Driver"
import type { InterfaceStats } from "@ancillary/engine/server"
import type { NeedsAll, Spec } from "@ancillary/engine/spec/Spec"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Datagram from "./Datagram.ts"
import type {
  DatagramBindError,
  DatagramInterfaceError,
  DatagramMembershipError,
  DatagramUnsupportedError
} from "./DatagramError.ts"
import type { ServeOptions } from "./DatagramServer.ts"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { DatagramSockets } from "./DatagramSockets.ts"
import { checkWhere, followInterfaces } from "./internal/interfaceServing.ts"
import { withOwnScope } from "./internal/ownScope.ts"
import { checkHandler, checkOptions } from "./internal/serveOptions.ts"

export type { InterfaceStats } from "@ancillary/engine/server"

/**
 * The interfaces that a server serves.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServedInterfaces<F extends Family> {
  /** Port of every socket. */
  readonly port: number
  /** Returns true for an interface that is served. By default every interface that is up. If it throws, the interface is not served. */
  readonly matches?: ((each: NetworkInterface) => boolean) | undefined
  /**
   * Groups that one socket, bound to every address, joins on each interface. Without it each address of each interface
   * has a socket of its own.
   */
  readonly groups?: ReadonlyArray<Parameters<DatagramSocket<F, never>["join"]>[0]> | undefined
  /** Time between two looks at the interfaces on systems without notices, above 0. Default: 1 second. Linux has notices. */
  readonly interval?: Duration.DurationInput | undefined
}

/**
 * A server that follows the interfaces of its host.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceServer<F extends Family, D extends ControlMessage.Any> {
  /** Sockets that are served now. */
  readonly sockets: Effect.Effect<ReadonlyArray<DatagramSocket<F, D>>>
  /** Interfaces that are served now. */
  readonly interfaces: Effect.Effect<ReadonlyArray<NetworkInterface>>
  /** Services that began, ended and failed. */
  readonly stats: Effect.Effect<InterfaceStats>
}

/**
 * Serves on each interface that matches, and follows their changes. An address that appears is bound, and its socket is
 * closed when the address or its interface is gone. Returns when all present ones are bound.
 *
 * **Details**
 *
 * With `groups` there is one socket, bound to every address, which joins the groups on each interface that has
 * multicast. It leaves them when the interface is gone or does not match any more.
 *
 * Handlers run, fail and end as those of `serve`, and share `concurrency`. If an address is gone, its handlers go on,
 * and their sends fail with `Closed`. Tentative and duplicate addresses are not served.
 *
 * If a present interface cannot be served, the effect fails as `serve` or `join` does, and with
 * `DatagramInterfaceError` if the system cannot list its interfaces. Later failures are logged once per kind and
 * counted by `stats.failed`, and the interface is tried again when it changes. So is one whose socket cannot be read.
 *
 * @example
 * ```ts
 * import { Datagram, serveInterfaces, withPktInfo } from "@ancillary/effect3"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * const echo = serveInterfaces(spec, { port: 5300, matches: ({ loopback, up }) => up && !loopback }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const serveInterfaces = <F extends Family, D extends ControlMessage.Any, R, E, R2>(
  spec: Spec<F, D, R>,
  where: ServedInterfaces<F>,
  handler: (datagram: Datagram.Datagram<F, D>, socket: DatagramSocket<F, D>) => Effect.Effect<void, E, R2>,
  options?: ServeOptions
): Effect.Effect<
  InterfaceServer<F, D>,
  DatagramBindError | DatagramUnsupportedError | DatagramMembershipError | DatagramInterfaceError,
  DatagramSockets | Scope.Scope | R | Exclude<R2, Scope.Scope> | NeedsAll<D>
> =>
  Effect.gen(function* () {
    yield* checkHandler(handler)
    const checked = yield* checkOptions(options)
    return yield* followInterfaces(spec, yield* checkWhere(where), handler, checked)
  }).pipe(withOwnScope, Effect.withSpan("DatagramServer.serveInterfaces"))

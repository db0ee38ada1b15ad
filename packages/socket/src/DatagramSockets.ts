/**
 * Sockets of one driver, such as a guarded one, or one of `@ancillary/testing`.
 *
 * @since 0.1.0
 */
import type * as Datagram from "./Datagram.ts"
import type { make as makeClientOfSystem } from "./DatagramClient.ts"
import type { serve as serveSystem, serveAll as serveAllOfSystem } from "./DatagramServer.ts"
import type { serveSessions as serveSessionsOfSystem } from "./DatagramSessions.ts"
import type { make as makeHandOverOfSystem } from "./HandOver.ts"
import type { serveInterfaces as serveInterfacesOfSystem } from "./InterfaceServer.ts"
import { Interfaces } from "./Interfaces.ts"
import { makeClientWith } from "./internal/client.ts"
import { makeHandOver } from "./internal/handOver.ts"
import { serveInterfacesWith } from "./internal/interfaceServing.ts"
import { Opening, type MakeDriver } from "./internal/opening.ts"
import { serveAllWith, serveWith } from "./internal/serve.ts"
import { serveSessionsWith } from "./internal/sessions.ts"

export type { MakeDriver } from "./internal/opening.ts"

/**
 * The functions that open sockets, with one driver.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramSockets {
  readonly bind: typeof Datagram.bind
  readonly client: typeof Datagram.client
  readonly connect: typeof Datagram.connect
  readonly adopt: typeof Datagram.adopt
  readonly pair: typeof Datagram.pair
  readonly serve: typeof serveSystem
  readonly serveAll: typeof serveAllOfSystem
  readonly serveInterfaces: typeof serveInterfacesOfSystem
  readonly serveSessions: typeof serveSessionsOfSystem
  /** Makes a client that asks, as `DatagramClient.make` does. */
  readonly makeClient: typeof makeClientOfSystem
  /** Takes sockets over from another program, as `HandOver.make` does. */
  readonly handOver: typeof makeHandOverOfSystem
  readonly interfaces: () => Promise<Interfaces>
}

/**
 * Makes the functions that open sockets with a driver. The driver is made when the first socket is opened. If that fails, each function
 * rejects with `DatagramUnsupportedError`.
 *
 * @example
 * ```ts
 * import { LinuxSockets } from "@ancillary/posix"
 * import { Datagram, DatagramSockets } from "@ancillary/socket"
 *
 * // A guarded driver finds a payload that is used after its callback has returned.
 * const { bind } = DatagramSockets.make(() => LinuxSockets.driver({ guarded: true }))
 * const socket = await bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
 * socket.close()
 * ```
 * @category constructors
 * @since 0.1.0
 */
export const make = (driver: MakeDriver): DatagramSockets => {
  const opening = new Opening(driver)
  return {
    bind: (spec, at) => opening.bind(spec, at),
    client: (spec) => opening.client(spec),
    connect: (spec, peer, options) => opening.connect(spec, peer, options),
    adopt: (spec, descriptor) => opening.adopt(spec, descriptor),
    pair: (spec) => opening.pair(spec),
    serve: (spec, at, handler, options) => serveWith(opening, spec, at, handler, options),
    serveAll: (spec, addresses, handler, options) => serveAllWith(opening, spec, addresses, handler, options),
    serveInterfaces: (spec, where, handler, options) => serveInterfacesWith(opening, spec, where, handler, options),
    serveSessions: (spec, at, program, options) => serveSessionsWith(opening, spec, at, program, options),
    makeClient: (spec, options) => makeClientWith(opening, spec, options),
    handOver: (options) => makeHandOver(opening, options),
    interfaces: async () => new Interfaces((await opening.opener).driver)
  }
}

/**
 * Types of a server that follows the interfaces of its host.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { NetworkInterface } from "@ancillary/engine/driver/Driver"
import type { InterfaceStats } from "@ancillary/engine/server"
import type { DatagramSocket } from "./DatagramSocket.ts"
import type { StopReport } from "./ServerTypes.ts"

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
   * Groups that one socket, bound to every address, joins on each interface. Without it each address of each interface has a socket of its
   * own.
   */
  readonly groups?: ReadonlyArray<Parameters<DatagramSocket<F, never>["join"]>[0]> | undefined
  /** Milliseconds between two looks at the interfaces on systems without notices, above 0. Default: 1000. Linux has notices. */
  readonly interval?: number | undefined
}

/**
 * A server that follows the interfaces of its host.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceServer<in out F extends Family, in D extends ControlMessage.Any> extends AsyncDisposable {
  /** Returns the sockets that are served now. Each has counters of its own. */
  readonly sockets: () => ReadonlyArray<DatagramSocket<F, D>>
  /** Returns the interfaces that are served now. */
  readonly interfaces: () => ReadonlyArray<NetworkInterface>
  /** Returns the numbers of services that began, ended and failed. */
  readonly stats: () => InterfaceStats
  /**
   * Settles when the server has stopped. With `groups` it rejects with a `DatagramReceiveError` if reading the socket failed with an unknown
   * error, which is also printed.
   */
  readonly finished: Promise<void>
  /** Stops reading all sockets, waits for the handlers, and closes the sockets, as `close` of a `DatagramServer` does. */
  readonly close: () => Promise<StopReport>
}

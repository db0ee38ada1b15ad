/**
 * Network interfaces of the host: index, name, addresses, and their changes.
 *
 * @since 0.1.0
 */
import { type Driver, isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"
import { HostInterfaces } from "@ancillary/engine/driver/hostInterfaces"
import { readInterval } from "@ancillary/engine/driver/interfaceChanges"
import { invalidInterfaceSignal } from "@ancillary/engine/errors/DatagramError"
import { errorOf } from "./DatagramError.ts"
import type { Waiting } from "./DatagramSocket.ts"
import type { InterfaceChange } from "./InterfaceChange.ts"
import { changesOf, intervals } from "./internal/interfaceChanges.ts"
import { system } from "./internal/system.ts"
import { readSignal } from "./internal/waiting.ts"

export type { InterfaceChange } from "./InterfaceChange.ts"

/**
 * Network interfaces of the host by name and by index, and their changes.
 *
 * @example
 * ```ts
 * import { Datagram, Interfaces, withPktInfo } from "@ancillary/socket"
 *
 * const interfaces = await Interfaces.open()
 * const socket = await Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 5300 })
 * for await (const { control, from } of socket)
 *   console.log(`${from} by ${interfaces.nameOf(control.pktInfo.interfaceIndex) ?? "an interface that is gone"}`)
 * ```
 * @category models
 * @since 0.1.0
 */
export class Interfaces {
  readonly #driver: Driver
  readonly #host: HostInterfaces

  /** Uses the interfaces of a driver. */
  constructor(driver: Driver) {
    this.#driver = driver
    this.#host = new HostInterfaces(driver, () => performance.now())
  }

  /** Opens the interfaces of this host. Rejects with `DatagramUnsupportedError` if there is no driver for the system. */
  static async open(): Promise<Interfaces> {
    return new Interfaces((await system.opener).driver)
  }

  /** Lists all interfaces, as the system reports them now. One entry per index. Throws a `DatagramInterfaceError`. */
  list(): ReadonlyArray<NetworkInterface> {
    return found(this.#host.list())
  }

  /**
   * Finds the interface with that name, now. Throws `UnknownName` if no interface has it; the label of an address (`eth0:1`) is not a name.
   * Throws `InvalidArgument` if the name is not a text.
   */
  byName(name: string): NetworkInterface {
    return found(this.#host.byName(name))
  }

  /** Finds the interface with that index, now. Throws `UnknownIndex` if no interface has it, and `InvalidArgument` if it is not a number. */
  byIndex(index: number): NetworkInterface {
    return found(this.#host.byIndex(index))
  }

  /**
   * Returns the name of an index: cheap enough for every datagram. Returns `undefined` if no interface has the index, and for 0.
   *
   * **Details**
   *
   * The name is at most a second old, or a thousand times as long as the system takes to list its interfaces. An unknown index is looked up
   * at once, and then again after a second.
   */
  nameOf(index: number): string | undefined {
    return this.#host.nameOf(index)
  }

  /**
   * Iterates over the existing interfaces as `Added`, then over each change, without an end. Throws if the system refuses to list them.
   *
   * **Details**
   *
   * On Linux the kernel's notices arrive at once. If an interface is recreated under its old index, there is `Removed`, then `Added`. Other
   * systems are polled once per `interval` milliseconds (default: 1000), so shorter changes are not seen. Throws `InvalidArgument` if
   * `interval` is not a number above 0. The notices are followed until the loop is left.
   */
  changes(
    options?: Waiting & { readonly interval?: number | undefined }
  ): AsyncGenerator<InterfaceChange, never, undefined> {
    return changesOf(this.#driver, () => this.list(), optionsOf(options))
  }
}

const optionsOf = (options: unknown): { readonly interval: number; readonly signal: AbortSignal | undefined } => {
  const read = readInterval(options, intervals)
  if ("_tag" in read) throw errorOf(read)
  const signal = readSignal(options)
  if (typeof signal === "string") throw errorOf(invalidInterfaceSignal(signal))
  return { ...read, signal }
}

const found = <A extends object>(given: A | Parameters<typeof errorOf>[0]): A => {
  if (isFault(given)) throw errorOf(given)
  return given
}

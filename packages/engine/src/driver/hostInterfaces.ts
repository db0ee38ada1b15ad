/** Interfaces of the host by name and by index, with cached names. */
import {
  type DatagramInterfaceError,
  interfaceError,
  invalidInterface,
  unknownInterface
} from "../errors/DatagramError.ts"
import { type Driver, type Fault, isFault, type NetworkInterface } from "./Driver.ts"

/** Time in milliseconds for which names are cached, and for which an unknown index is not looked up again. */
const retryAfterMillis = 1000
/** Maximum part of the time that is spent on listing interfaces for names: one thousandth. */
const retryPerCost = 1000
/** Maximum number of remembered indices without an interface. */
const maximumMissing = 256

/**
 * The interfaces of a driver's host.
 *
 * @category drivers
 * @since 0.1.0
 */
export class HostInterfaces {
  readonly #driver: Pick<Driver, "interfaces">
  /** Monotonic time in milliseconds. */
  readonly #now: () => number
  #names: ReadonlyMap<number, string> = new Map()
  #askedAt = Number.NEGATIVE_INFINITY
  #patience = retryAfterMillis
  readonly #missing = new Map<number, number>()

  constructor(driver: Pick<Driver, "interfaces">, now: () => number) {
    this.#driver = driver
    this.#now = now
  }

  /** Lists all interfaces, one entry per index. */
  list(): ReadonlyArray<NetworkInterface> | DatagramInterfaceError {
    const found = this.#look()
    return isFault(found) ? interfaceError(found) : found
  }

  /** Finds the interface with that name. */
  byName(name: unknown): NetworkInterface | DatagramInterfaceError {
    return typeof name === "string" ? this.#find(name, (one) => one.name === name) : invalidInterface(name, "name")
  }

  /** Finds the interface with that index. */
  byIndex(index: unknown): NetworkInterface | DatagramInterfaceError {
    return typeof index === "number"
      ? this.#find(index, (one) => one.index === index)
      : invalidInterface(index, "index")
  }

  /** Returns the name of an index from the cache if it is new enough. Returns `undefined` if no interface has the index, and for 0. */
  nameOf(index: number): string | undefined {
    if (index === 0) return undefined
    const now = this.#now()
    const isOld = now - this.#askedAt >= this.#patience
    if (isOld) this.#look()
    const known = this.#names.get(index)
    if (known !== undefined) return known
    if (now - (this.#missing.get(index) ?? Number.NEGATIVE_INFINITY) < this.#patience) return undefined
    if (this.#missing.size >= maximumMissing) this.#missing.clear()
    this.#missing.set(index, now)
    if (!isOld) this.#look()
    return this.#names.get(index)
  }

  #look(): ReadonlyArray<NetworkInterface> | Fault {
    this.#askedAt = this.#now()
    const found = this.#driver.interfaces()
    this.#patience = Math.max(retryAfterMillis, (this.#now() - this.#askedAt) * retryPerCost)
    if (!isFault(found)) this.#names = new Map(found.map(({ index, name }) => [index, name]))
    return found
  }

  #find(asked: string | number, is: (one: NetworkInterface) => boolean): NetworkInterface | DatagramInterfaceError {
    const all = this.list()
    if (isFault(all)) return all
    return (
      all.find(is) ??
      unknownInterface(
        asked,
        all.map(({ name }) => name)
      )
    )
  }
}

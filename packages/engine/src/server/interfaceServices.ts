/** The services of a server that follows the interfaces of its host: those that begin, and those that end. */
import { Codec, type Family } from "@ancillary/control"
import type { NetworkInterface } from "../driver/Driver.ts"
import type { IntervalReader } from "../driver/interfaceChanges.ts"
import { type DatagramBindError, invalidBind } from "../errors/DatagramError.ts"
import { ignoreRejection } from "./ignoreRejection.ts"
import { usableAddresses } from "./interfaceAddresses.ts"

/**
 * Counters of a server that follows the interfaces of its host. A service is a bound address, or the groups on one interface.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceStats {
  /** Services that began. */
  readonly begun: bigint
  /** Services that ended, because their interface or address is gone or does not match any more, or their socket was closed. */
  readonly ended: bigint
  /** Services that could not begin after the start of the server or could not be read, and calls of `matches` that threw. */
  readonly failed: bigint
}

/**
 * The choice of interfaces of a server, validated. `bind` checks the port, and `join` the groups.
 *
 * @category servers
 * @since 0.1.0
 */
export interface InterfaceChoice<Interval> {
  readonly port: unknown
  readonly matches: (each: NetworkInterface) => unknown
  readonly groups: ReadonlyArray<unknown> | undefined
  readonly interval: Interval
}

/**
 * Reads the choice of a program, each field once. Returns the error of the first invalid field.
 *
 * @category servers
 * @since 0.1.0
 */
export const readInterfaceChoice = <Interval>(
  given: unknown,
  intervals: IntervalReader<Interval>
): InterfaceChoice<Interval> | DatagramBindError => {
  try {
    if (typeof given !== "object" || given === null) return refused("where", given, "a record with a port")
    const { groups, interval, matches = isUp, port } = given as { readonly [name: string]: unknown }
    const pause = interval === undefined ? intervals.standard : intervals.read(interval)
    if (typeof matches !== "function") return refused("matches", matches, "a function that returns true or false")
    if (groups !== undefined && !(Array.isArray(groups) && groups.length > 0))
      return refused("groups", groups, "an array of at least one group")
    if (pause === undefined) return refused("interval", interval, intervals.range)
    return {
      port,
      matches: matches as InterfaceChoice<Interval>["matches"],
      groups: groups === undefined ? undefined : Array.from<unknown>(groups),
      interval: pause
    }
  } catch {
    return invalidBind("where: reading it threw. Give a plain object.", "where")
  }
}

const isUp = ({ up }: NetworkInterface): boolean => up

const refused = (field: string, value: unknown, range: string): DatagramBindError =>
  invalidBind(
    `${field}: ${Array.isArray(value) && value.length === 0 ? "[]" : Codec.format(value)} is not ${range}. Give one.`,
    field
  )

/**
 * The steps after a look at one interface.
 *
 * @category servers
 * @since 0.1.0
 */
export interface InterfaceSteps<Service> {
  /** Services that the interface should not have. They are counted and forgotten, and the face ends them. */
  readonly ended: ReadonlyArray<Service>
  /** Addresses that have no service yet. The one of groups is empty. */
  readonly lacking: ReadonlyArray<string>
  /** The exception of `matches`, if it threw. */
  readonly thrown: { readonly error: unknown } | undefined
}

/**
 * The services of a server, by interface and address. A face binds, joins and closes them.
 *
 * @category servers
 * @since 0.1.0
 */
export class InterfaceServices<Service> {
  readonly #family: Family
  readonly #choice: Pick<InterfaceChoice<unknown>, "groups" | "matches">
  readonly #services = new Map<string, { readonly interface: NetworkInterface; readonly service: Service }>()
  #begun = 0n
  #ended = 0n
  #failed = 0n

  constructor(family: Family, choice: Pick<InterfaceChoice<unknown>, "groups" | "matches">) {
    this.#family = family
    this.#choice = choice
  }

  /** Returns the steps for an interface that exists. */
  follow(each: NetworkInterface): InterfaceSteps<Service> {
    let thrown: InterfaceSteps<Service>["thrown"]
    let isWanted = false
    try {
      const matches = this.#choice.matches(each)
      ignoreRejection(matches)
      isWanted = matches === true
    } catch (error) {
      this.#failed++
      thrown = { error }
    }
    const addresses = isWanted ? this.#addressesOf(each) : []
    const keys = new Set(addresses.map((address) => keyOf(each, address)))
    const ended = this.#end((key, { index }) => index === each.index && !keys.has(key))
    // Its name or another field may have changed.
    for (const key of keys) {
      const known = this.#services.get(key)
      if (known !== undefined) this.#services.set(key, { ...known, interface: each })
    }
    return { ended, lacking: addresses.filter((address) => !this.#services.has(keyOf(each, address))), thrown }
  }

  /** Ends and returns the services of an interface that is gone. */
  remove(index: number): ReadonlyArray<Service> {
    return this.#end((_, each) => each.index === index)
  }

  /** Ends and returns the services of all interfaces that are not in a list. */
  retain(present: ReadonlyArray<NetworkInterface>): ReadonlyArray<Service> {
    const indices = new Set(present.map(({ index }) => index))
    return this.#end((_, { index }) => !indices.has(index))
  }

  /** Ends a service whose socket has ended by itself. It is tried again when its interface changes. */
  drop(service: Service): void {
    for (const [key, one] of this.#services)
      if (one.service === service) {
        this.#services.delete(key)
        this.#ended++
      }
  }

  /** Notes a service that began. */
  begun(each: NetworkInterface, address: string, service: Service): void {
    this.#begun++
    this.#services.set(keyOf(each, address), { interface: each, service })
  }

  /** Counts a service that could not begin, or could not be read. */
  failed(): void {
    this.#failed++
  }

  /** All services that have not ended. */
  get services(): ReadonlyArray<Service> {
    return Array.from(this.#services.values(), ({ service }) => service)
  }

  /** The interfaces with a service. */
  get interfaces(): ReadonlyArray<NetworkInterface> {
    return [...new Map(Array.from(this.#services.values(), (one) => [one.interface.index, one.interface])).values()]
  }

  get stats(): InterfaceStats {
    return { begun: this.#begun, ended: this.#ended, failed: this.#failed }
  }

  #addressesOf(each: NetworkInterface): ReadonlyArray<string> {
    if (this.#choice.groups !== undefined) return each.multicast ? [""] : []
    return usableAddresses(this.#family, each).map(String)
  }

  #end(isOver: (key: string, each: NetworkInterface) => boolean): ReadonlyArray<Service> {
    const over: Array<Service> = []
    for (const [key, one] of this.#services)
      if (isOver(key, one.interface)) {
        this.#services.delete(key)
        this.#ended++
        over.push(one.service)
      }
    return over
  }
}

const keyOf = ({ index }: NetworkInterface, address: string): string => `${index} ${address}`

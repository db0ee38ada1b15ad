/** Follows the interfaces of a host, and compares lists of them. */
import { Codec } from "@ancillary/control"
import { type DatagramInterfaceError, invalidInterval } from "../errors/DatagramError.ts"
import type { Driver, NetworkInterface } from "./Driver.ts"
import { type Follower, Notices } from "./interfaceNotices.ts"

/**
 * A change of an interface. `Added`: it exists now. `Changed`: its name, an address, or any other field differs from `before`. `Removed`: it
 * no longer exists.
 *
 * @category models
 * @since 0.1.0
 */
export type InterfaceChange =
  | { readonly _tag: "Added"; readonly interface: NetworkInterface }
  | { readonly _tag: "Changed"; readonly interface: NetworkInterface; readonly before: NetworkInterface }
  | { readonly _tag: "Removed"; readonly interface: NetworkInterface }

/**
 * Follows the notices of a driver about its interfaces. A face lists the interfaces at first and when it is woken, or once in an interval if
 * the system has no notices.
 *
 * @category drivers
 * @since 0.1.0
 */
export class InterfaceWatch {
  readonly #notices: Notices
  readonly #follower: Follower
  #before: ReadonlyArray<NetworkInterface> = []
  #removed = new Set<number>()
  /** False if this system has no notices, or cannot poll them now. */
  readonly isNotified: boolean

  /** Follows the notices until `end`, and calls `wake` after each burst of them. */
  constructor(driver: Driver, wake: () => void) {
    this.#notices = Notices.of(driver)
    this.#follower = ({ ended }) => {
      for (const { family, index } of ended) if (family === undefined) this.#removed.add(index)
      wake()
      return undefined
    }
    this.isNotified = this.#notices.begin(this.#follower)
  }

  /**
   * Begins a look, and returns the function that compares the list with that of the previous look. It is called before the interfaces are
   * listed, so an interface that ends in between is in the next look.
   */
  look(): (list: ReadonlyArray<NetworkInterface>) => ReadonlyArray<InterfaceChange> {
    if (this.isNotified) this.#notices.take()
    const removed = this.#removed
    this.#removed = new Set()
    return (list) => {
      const changes = changesBetween(this.#before, list, removed)
      this.#before = list
      return changes
    }
  }

  end(): void {
    if (this.isNotified) this.#notices.end(this.#follower)
  }
}

/**
 * The reader of an interval, because each face has durations of its own.
 *
 * @category drivers
 * @since 0.1.0
 */
export interface IntervalReader<Interval> {
  /** The interval of a program that gives none. */
  readonly standard: Interval
  /** Returns `undefined` for a value that is not an interval. */
  readonly read: (given: unknown) => Interval | undefined
  /** The values that it takes, for the error. */
  readonly range: string
}

/**
 * Reads the interval of a program's options. Returns the error of an invalid one.
 *
 * @category drivers
 * @since 0.1.0
 */
export const readInterval = <Interval>(
  options: unknown,
  { read, standard }: IntervalReader<Interval>
): { readonly interval: Interval } | DatagramInterfaceError => {
  try {
    const given = ((options ?? {}) as { readonly interval?: unknown }).interval
    const interval = given === undefined ? standard : read(given)
    return interval === undefined ? invalidInterval(Codec.format(given)) : { interval }
  } catch {
    return invalidInterval("a value that cannot be read")
  }
}

/** Returns the changes from one list to the next. Removed interfaces come first, because another interface may have the index by now. */
const changesBetween = (
  before: ReadonlyArray<NetworkInterface>,
  after: ReadonlyArray<NetworkInterface>,
  removed: ReadonlySet<number>
): ReadonlyArray<InterfaceChange> => {
  const later = new Set(after.map(({ index }) => index))
  const gone = before.filter(({ index }) => !later.has(index) || removed.has(index))
  const earlier = new Map(before.map((one) => [one.index, one]))
  for (const { index } of gone) earlier.delete(index)
  return [
    ...gone.map((one) => ({ _tag: "Removed", interface: one }) as const),
    ...after.flatMap((one): ReadonlyArray<InterfaceChange> => {
      const was = earlier.get(one.index)
      if (was === undefined) return [{ _tag: "Added", interface: one }]
      return shape(was) === shape(one) ? [] : [{ _tag: "Changed", interface: one, before: was }]
    })
  ]
}

/** All fields of an interface, with its addresses in a fixed order. */
const shape = ({ addresses, ...rest }: NetworkInterface): string =>
  JSON.stringify([
    Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    addresses.map(({ address, ...state }) => [String(address), JSON.stringify(state)].join(" ")).toSorted()
  ])

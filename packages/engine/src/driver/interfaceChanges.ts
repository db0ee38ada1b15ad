/** Compares lists of interfaces. */
import type { NetworkInterface } from "./Driver.ts"

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
 * The listed interfaces, and the indices of those that were removed since the previous list.
 *
 * @category drivers
 * @since 0.1.0
 */
export interface InterfaceLook {
  readonly list: ReadonlyArray<NetworkInterface>
  readonly removed: ReadonlySet<number>
}

/**
 * Returns the changes from one list to the next. Removed interfaces come first, because another interface may have the index by now.
 *
 * @category drivers
 * @since 0.1.0
 */
export const interfaceChanges = (
  before: ReadonlyArray<NetworkInterface>,
  { list: after, removed }: InterfaceLook
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

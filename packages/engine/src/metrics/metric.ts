/** A number that can be read at any time, and its description for people. */

/**
 * One number of a source, such as a socket.
 *
 * @category metrics
 * @since 0.1.0
 */
export interface Metric<Source> {
  readonly name: string
  /** A counter never falls. A gauge is the state of now. */
  readonly kind: "counter" | "gauge"
  /** Unit of one, in the plural: `"datagrams"`, `"bytes"`. */
  readonly unit: string
  /** One sentence. Metrics of one name have the same. */
  readonly description: string
  /** Distinguishes metrics of one name. Their sum has a meaning, too. */
  readonly attributes: { readonly [key: string]: string }
  /** The counter of `stats` that it is read from, or the name of its other source. */
  readonly from: string
  /** Returns the value. `undefined` if the system does not have it. */
  readonly read: (source: Source) => number | undefined
}

/** Metrics of one name that differ by one attribute. */
export const byAttribute = <Source>(
  common: Pick<Metric<Source>, "name" | "kind" | "unit" | "description">,
  attribute: string,
  cases: ReadonlyArray<readonly [value: string, from: string, read: Metric<Source>["read"]]>
): ReadonlyArray<Metric<Source>> =>
  cases.map(([value, from, read]) => ({ ...common, attributes: { [attribute]: value }, from, read }))

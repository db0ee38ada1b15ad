/** Values that are too many to keep, such as the time of each handler. */

/**
 * Receives values one by one.
 *
 * @category metrics
 * @since 0.1.0
 */
export interface Recorder {
  readonly add: (value: number) => void
}

/**
 * Numbers of values by size, with their sum, minimum and maximum. Adding one allocates nothing.
 *
 * @category metrics
 * @since 0.1.0
 */
export class Distribution implements Recorder {
  /** Upper limits of the buckets, ascending. A value that is equal to a limit belongs to its bucket. One more bucket has no limit. */
  readonly limits: ReadonlyArray<number>
  readonly #counts: Float64Array
  count = 0
  sum = 0
  /** `Infinity` without values. */
  minimum = Infinity
  /** `-Infinity` without values. */
  maximum = -Infinity

  constructor(limits: ReadonlyArray<number>) {
    this.limits = limits
    this.#counts = new Float64Array(limits.length + 1)
  }

  add(value: number): void {
    const { limits } = this
    let bucket = 0
    while (bucket < limits.length && value > (limits[bucket] ?? 0)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.count++
    this.sum += value
    if (value < this.minimum) this.minimum = value
    if (value > this.maximum) this.maximum = value
  }

  /** Returns each limit with the number of values up to it. */
  cumulative(): ReadonlyArray<[limit: number, count: number]> {
    let count = 0
    return this.limits.map((limit, bucket) => [limit, (count += this.#counts[bucket] ?? 0)])
  }
}

import type { Metric } from "./metric.ts"

/**
 * Sums of the same metrics of several sources, such as the sockets of one server. Counters of sources that have ended stay in the sums.
 *
 * @category metrics
 * @since 0.1.0
 */
export class MetricSums<Source> {
  readonly metrics: ReadonlyArray<Metric<Source>>
  readonly #sources = new Set<Source>()
  readonly #ended: Array<number | undefined> = []

  constructor(metrics: ReadonlyArray<Metric<Source>>) {
    this.metrics = metrics
  }

  /** Adds a source. The returned function ends it: its counters are read for the last time. */
  add(source: Source): () => void {
    this.#sources.add(source)
    return () => {
      if (!this.#sources.delete(source)) return
      for (const [index, { kind, read }] of this.metrics.entries()) {
        if (kind === "gauge") continue
        const value = read(source)
        if (value !== undefined) this.#ended[index] = (this.#ended[index] ?? 0) + value
      }
    }
  }

  /** Returns the sum of one metric. `undefined` if no source has ever had it. A gauge without sources is 0. */
  sum(index: number): number | undefined {
    const metric = this.metrics[index]
    if (metric === undefined) return undefined
    let sum = metric.kind === "gauge" && this.#sources.size === 0 ? 0 : this.#ended[index]
    for (const source of this.#sources) {
      const value = metric.read(source)
      if (value !== undefined) sum = (sum ?? 0) + value
    }
    return sum
  }
}

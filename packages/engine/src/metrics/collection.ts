/** Metrics as plain values, for faces without a registry of metrics. */
import type { RequestCounters } from "../server/requests.ts"
import type { OpenSocket } from "../socket/openSocket.ts"
import { Distribution } from "./distribution.ts"
import { batchSize, handlerSeconds, type Histogram } from "./histograms.ts"
import { requestMetrics } from "./requestMetrics.ts"
import { socketMetrics } from "./socketMetrics.ts"
import { MetricSums } from "./sums.ts"

/**
 * Names and values that distinguish metrics of one name.
 *
 * @category metrics
 * @since 0.1.0
 */
export interface MetricAttributes {
  readonly [name: string]: string
}

/** The fields of each metric. */
interface Described {
  readonly name: string
  /** Unit of one, in the plural: `"datagrams"`, `"bytes"`, `"seconds"`. */
  readonly unit: string
  /** One sentence. Metrics of one name have the same. */
  readonly description: string
  readonly attributes: MetricAttributes
}

/**
 * A metric at one time. A counter never falls. A gauge is the state of now.
 *
 * @category metrics
 * @since 0.1.0
 */
export type MetricValue =
  | (Described & { readonly kind: "counter" | "gauge"; readonly value: number })
  | (Described & {
      readonly kind: "histogram"
      /** Each limit with the number of values up to it, ascending. `count` includes those above the last limit. */
      readonly buckets: ReadonlyArray<readonly [limit: number, count: number]>
      readonly count: number
      readonly sum: number
    })

/** The sums of one set of attributes. */
class Group {
  readonly attributes: MetricAttributes
  readonly sockets = new MetricSums(socketMetrics)
  readonly requests = new MetricSums(requestMetrics)
  readonly batches = new Distribution(batchSize.limits)
  readonly times = new Distribution(handlerSeconds.limits)

  constructor(attributes: MetricAttributes) {
    this.attributes = attributes
  }

  values(): ReadonlyArray<MetricValue> {
    return [
      ...this.#sums(this.sockets),
      ...this.#sums(this.requests),
      this.#distribution(batchSize, this.batches),
      this.#distribution(handlerSeconds, this.times)
    ]
  }

  #sums<Source>(sums: MetricSums<Source>): ReadonlyArray<MetricValue> {
    return sums.metrics.flatMap(({ attributes, description, kind, name, unit }, index) => {
      const value = sums.sum(index)
      // A count that the system does not have is absent, and not 0.
      if (value === undefined) return []
      return [{ name, kind, unit, description, attributes: { ...this.attributes, ...attributes }, value }]
    })
  }

  #distribution({ description, name, unit }: Histogram, values: Distribution): MetricValue {
    const { attributes } = this
    const { count, sum } = values
    return { name, kind: "histogram", unit, description, attributes, buckets: values.cumulative(), count, sum }
  }
}

/** A socket that is counted, and the functions that end it. */
interface Source {
  readonly core: OpenSocket
  readonly ends: Array<() => void>
}

/**
 * Sums of sockets and clients by their attributes. Counters of closed sockets stay in the sums.
 *
 * @category metrics
 * @since 0.1.0
 */
export class MetricCollection {
  readonly #groups = new Map<string, Group>()
  readonly #sources = new Map<OpenSocket, Source>()
  /** Number of sources at which closed ones are looked for. */
  #most = 64

  /** True if the socket is counted. */
  has(core: OpenSocket): boolean {
    return this.#sources.has(core)
  }

  /** Counts a socket, and the requests of its client. */
  add(core: OpenSocket, requests: RequestCounters | undefined, attributes: MetricAttributes): void {
    if (this.#sources.has(core)) return
    const group = this.#groupOf(attributes)
    core.measure(group.batches, group.times)
    const ends = [group.sockets.add(core)]
    if (requests !== undefined) ends.push(group.requests.add(requests))
    this.#sources.set(core, { core, ends })
    if (this.#sources.size < this.#most) return
    this.#endClosed()
    this.#most = Math.max(64, 2 * this.#sources.size)
  }

  /** Returns every metric, those of one set of attributes together. */
  snapshot(): ReadonlyArray<MetricValue> {
    this.#endClosed()
    return Array.from(this.#groups.values()).flatMap((group) => group.values())
  }

  #groupOf(attributes: MetricAttributes): Group {
    const key = JSON.stringify(Object.entries(attributes).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const group = this.#groups.get(key) ?? new Group(attributes)
    this.#groups.set(key, group)
    return group
  }

  /** Reads closed sockets for the last time. A socket whose handlers have not ended still counts. */
  #endClosed(): void {
    for (const { core, ends } of this.#sources.values()) {
      if (!core.closed || core.served.running > 0 || core.served.sessions.running > 0) continue
      for (const end of ends) end()
      this.#sources.delete(core)
    }
  }
}

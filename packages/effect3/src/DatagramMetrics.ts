/**
 * Metrics of sockets, servers and clients, as metrics of Effect.
 *
 * @since 0.1.0
 */
import {
  batchSize,
  handlerSeconds,
  type Histogram,
  type Metric as Definition,
  MetricSums,
  type Recorder,
  requestMetrics,
  socketMetrics
} from "@ancillary/engine/metrics"
import type { RequestCounters } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import { metering } from "./internal/metering.ts"
import {
  MetricBoundaries,
  MetricLabel
} from "./requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"

/** Sums of one set of metrics, and the values that Effect has already. */
class Series<Source> {
  readonly #sums: MetricSums<Source>
  readonly #metrics: ReadonlyArray<Metric.Metric.Counter<number> | Metric.Metric.Gauge<number>>
  readonly #labels: ReadonlyArray<MetricLabel.MetricLabel>
  readonly #known: Array<number> = []

  constructor(definitions: ReadonlyArray<Definition<Source>>, labels: ReadonlyArray<MetricLabel.MetricLabel>) {
    this.#sums = new MetricSums(definitions)
    this.#labels = labels
    this.#metrics = definitions.map(({ attributes, description, kind, name, unit }) => {
      const tags = Object.entries({ ...attributes, unit }).map(([key, value]) => MetricLabel.make(key, value))
      return kind === "counter"
        ? Metric.taggedWithLabels(Metric.counter(name, { description, incremental: true }), tags)
        : Metric.taggedWithLabels(Metric.gauge(name, { description }), tags)
    })
  }

  add(source: Source): () => void {
    return this.#sums.add(source)
  }

  update(): void {
    for (const [index, metric] of this.#metrics.entries()) {
      const value = this.#sums.sum(index)
      // A count that the system does not have is absent, and not 0.
      if (value === undefined) continue
      const isCounter = this.#sums.metrics[index]?.kind === "counter"
      metric.unsafeUpdate(isCounter ? value - (this.#known[index] ?? 0) : value, this.#labels)
      this.#known[index] = value
    }
  }
}

/** The sums of one set of labels. */
class Group {
  readonly sockets: Series<OpenSocket>
  readonly requests: Series<RequestCounters>
  readonly batches: Recorder
  readonly times: Recorder

  constructor(labels: ReadonlyArray<MetricLabel.MetricLabel>) {
    this.sockets = new Series(socketMetrics, labels)
    this.requests = new Series(requestMetrics, labels)
    this.batches = recorder(batchSize, labels)
    this.times = recorder(handlerSeconds, labels)
  }
}

const recorder = (
  { description, limits, name, unit }: Histogram,
  labels: ReadonlyArray<MetricLabel.MetricLabel>
): Recorder => {
  const boundaries = MetricBoundaries.fromIterable(limits)
  const histogram = Metric.tagged(Metric.histogram(name, boundaries, description), "unit", unit)
  return { add: (value) => histogram.unsafeUpdate(value, labels) }
}

const groups = new Map<string, Group>()

const groupOf = (labels: ReadonlyArray<MetricLabel.MetricLabel>): Group => {
  const key = JSON.stringify(
    labels.map(({ key, value }) => [key, value]).toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1))
  )
  const group = groups.get(key) ?? new Group(labels)
  groups.set(key, group)
  return group
}

/**
 * Updates the metrics from the counters of all sockets now. Call it before metrics are read, if one second is too old.
 *
 * @category metrics
 * @since 0.1.0
 */
export const update: Effect.Effect<void> = Effect.sync(() => {
  for (const { requests, sockets } of groups.values()) {
    sockets.update()
    requests.update()
  }
})

/**
 * Counts the sockets, servers and clients that are opened under it: each end of a datagram, batches, handlers, sessions,
 * requests, and drops of the kernel (Linux).
 *
 * **Details**
 *
 * The metrics are read from counters that sockets keep anyway, each second and when the program calls `update`. They add
 * up, as `stats` does: `datagram_received` is the sum of `datagram_received_ends` and `datagram_unread`. Sockets of one set
 * of labels have one sum, in which closed sockets stay. Without labels that is the whole program; set some with
 * `Effect.tagMetrics("server", "dns")` around `serve` or `bind`. Each set of labels stays in the registry, so give names of
 * servers, and not addresses of peers.
 *
 * `datagram_batch_size` and `datagram_handler_seconds` are recorded for each receive call and each handler. Without this
 * layer nothing is recorded.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramMetrics, serveLayer, withPktInfo } from "@ancillary/effect3"
 * import { NodeSockets } from "@ancillary/effect3/node"
 * import { Effect, Layer } from "effect"
 *
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * const Echo = serveLayer(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * const Live = Echo.pipe(Layer.provide([NodeSockets.layer, DatagramMetrics.layer]))
 * Effect.runPromise(Layer.launch(Live))
 * ```
 * @see docs/observability.md has the names
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.suspend(() =>
  Layer.merge(
    Layer.succeed(metering, {
      socket: (core, labels) => {
        const { batches, sockets, times } = groupOf(labels)
        core.measure(batches, times)
        return sockets.add(core)
      },
      requests: (counters, labels) => groupOf(labels).requests.add(counters)
    }),
    Layer.scopedDiscard(
      Effect.zipRight(
        Effect.addFinalizer(() => update),
        Effect.forkScoped(Effect.interruptible(Effect.schedule(update, Schedule.spaced("1 second"))))
      )
    )
  )
)

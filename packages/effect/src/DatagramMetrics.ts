/**
 * Metrics of sockets, servers and clients, as metrics of Effect.
 *
 * @since 0.1.0
 */
import {
  batchSize,
  Distribution,
  handlerSeconds,
  type Histogram,
  type Metric as Definition,
  MetricSums,
  requestMetrics,
  socketMetrics
} from "@ancillary/engine/metrics"
import type { RequestCounters } from "@ancillary/engine/server"
import type { OpenSocket } from "@ancillary/engine/socket"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { metering } from "./internal/metering.ts"

/**
 * Counts the sockets, servers and clients that are opened under it: each end of a datagram, batches, handlers, sessions,
 * requests, and drops of the kernel (Linux).
 *
 * **Details**
 *
 * The metrics are read from counters that sockets keep anyway, each time that an exporter or `Metric.snapshot` reads them.
 * They add up, as `stats` does: `datagram_received` is the sum of `datagram_received_ends` and `datagram_unread`. Sockets
 * of one set of attributes have one sum, in which closed sockets stay. Without attributes that is the whole program; set
 * some with `Effect.provideService(Metric.CurrentMetricAttributes, { server: "dns" })` around `serve` or `bind`. Each set
 * of attributes stays in the registry, so give names of servers, and not addresses of peers.
 *
 * `datagram_batch_size` and `datagram_handler_seconds` are recorded for each receive call and each handler. Without this
 * layer nothing is recorded.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramMetrics, serveLayer, withPktInfo } from "@ancillary/effect"
 * import { NodeSockets } from "@ancillary/effect/node"
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
  Layer.succeed(metering)({
    socket: (core, context) => {
      const { batches, sockets, times } = groupOf(context)
      core.measure(batches, times)
      return sockets.add(core, context)
    },
    requests: (counters, context) => groupOf(context).requests.add(counters, context)
  })
)

/** Sums of one set of metrics, in the registry of Effect. */
class Series<Source> {
  readonly #sums: MetricSums<Source>
  readonly #metrics: ReadonlyArray<Metric.Counter<number> | Metric.Gauge<number>>
  readonly #registered = new Set<number>()

  constructor(definitions: ReadonlyArray<Definition<Source>>) {
    this.#sums = new MetricSums(definitions)
    this.#metrics = definitions.map(({ attributes, description, kind, name, unit }) =>
      kind === "counter"
        ? Metric.counter(name, { description, attributes: { ...attributes, unit }, incremental: true })
        : Metric.gauge(name, { description, attributes: { ...attributes, unit } })
    )
  }

  add(source: Source, context: Context.Context<never>): () => void {
    const end = this.#sums.add(source)
    for (const [index, metric] of this.#metrics.entries()) {
      // A count that the system does not have is absent, and not 0.
      if (this.#registered.has(index) || this.#sums.sum(index) === undefined) continue
      this.#registered.add(index)
      const value = () => this.#sums.sum(index) ?? 0
      register(metric, context, () => ({ count: value(), incremental: true, value: value() }))
    }
    return end
  }
}

/** The state is that of a counter and of a gauge at once. Each kind reads its own fields. */
const register = (
  metric: Metric.Counter<number> | Metric.Gauge<number>,
  context: Context.Context<never>,
  get: () => Metric.CounterState<number> & Metric.GaugeState<number>
): void => {
  Metric.registerUnsafe<number, Metric.CounterState<number> | Metric.GaugeState<number>>(metric, context, {
    get,
    update: () => undefined,
    modify: () => undefined
  })
}

/** The sums of one set of attributes. */
class Group {
  readonly sockets = new Series<OpenSocket>(socketMetrics)
  readonly requests = new Series<RequestCounters>(requestMetrics)
  readonly batches: Distribution
  readonly times: Distribution

  constructor(context: Context.Context<never>) {
    this.batches = distribution(batchSize, context)
    this.times = distribution(handlerSeconds, context)
  }
}

const distribution = (
  { description, limits, name, unit }: Histogram,
  context: Context.Context<never>
): Distribution => {
  const values = new Distribution(limits)
  const metric = Metric.histogram(name, { description, attributes: { unit }, boundaries: limits })
  Metric.registerUnsafe(metric, context, {
    get: () => ({
      buckets: values.cumulative(),
      count: values.count,
      min: values.count === 0 ? 0 : values.minimum,
      max: values.count === 0 ? 0 : values.maximum,
      sum: values.sum
    }),
    update: () => undefined,
    modify: () => undefined
  })
  return values
}

/** A registration replaces another one of its name and attributes, so each registry has one group for each set of attributes. */
const groups = new WeakMap<object, Map<string, Group>>()

const groupOf = (context: Context.Context<never>): Group => {
  const registry = Context.get(context, Metric.MetricRegistry)
  const known = groups.get(registry) ?? new Map<string, Group>()
  groups.set(registry, known)
  const attributes = Object.entries(Context.get(context, Metric.CurrentMetricAttributes))
  const key = JSON.stringify(attributes.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  const group = known.get(key) ?? new Group(context)
  known.set(key, group)
  return group
}

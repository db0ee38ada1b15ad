/**
 * Metrics of sockets, servers and clients, as plain values.
 *
 * @since 0.1.0
 */
import { Codec } from "@ancillary/control"
import { invalidBind } from "@ancillary/engine/errors/DatagramError"
import { type MetricAttributes, MetricCollection, type MetricValue } from "@ancillary/engine/metrics"
import type { RequestCounters } from "@ancillary/engine/server"
import type { DatagramStats, OpenSocket } from "@ancillary/engine/socket"
import type { ClientStats } from "./ClientTypes.ts"
import { errorOf } from "./DatagramError.ts"
import { Client } from "./internal/client.ts"
import { followedSockets } from "./internal/interfaceServing.ts"
import { openSocketOf } from "./internal/socket.ts"

export type { MetricAttributes, MetricValue } from "@ancillary/engine/metrics"

/** The part of a socket that shows that it is one. */
interface Counted {
  readonly stats: () => DatagramStats
}

/**
 * A socket, a server of any number of sockets, or a client.
 *
 * @category models
 * @since 0.1.0
 */
export type Measured =
  | Counted
  | { readonly sockets: ReadonlyArray<Counted> }
  | { readonly sockets: () => ReadonlyArray<Counted> }
  | { readonly socket: Counted; readonly stats: () => ClientStats }

/**
 * A collection of metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface DatagramMetrics {
  /**
   * Counts a socket, the sockets of a server, or a client from now on. Its counters are those since it was opened. Counters with one set
   * of attributes are added up, and closed sockets stay in the sum. A second call for the same socket has no effect. The later sockets of
   * `serveInterfaces` are counted, too.
   *
   * Each set of attributes stays in memory, so give names of servers, and not addresses of peers. Throws a `DatagramBindError` of reason
   * `InvalidArgument` for another value, and for a socket of another collection.
   */
  readonly add: (source: Measured, attributes?: MetricAttributes) => void
  /** Returns every metric now. The names are those of docs/observability.md. A count that the system does not have is missing. */
  readonly snapshot: () => ReadonlyArray<MetricValue>
}

/** The collection of each socket, because its distributions are recorded in one. */
const collections = new WeakMap<OpenSocket, MetricCollection>()

/**
 * Makes a collection of metrics: each end of a datagram, batches, handlers, sessions, requests, and drops of the kernel (Linux).
 *
 * **Details**
 *
 * The metrics are read from counters that sockets keep anyway, and add up as `stats` does. Only `datagram_batch_size` and
 * `datagram_handler_seconds` are recorded for each receive call and each handler, from `add` on.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramMetrics, serve, withPktInfo } from "@ancillary/socket"
 *
 * const metrics = DatagramMetrics.make()
 * const spec = Datagram.ipv4.pipe(withPktInfo())
 * await using server = await serve(spec, { address: "0.0.0.0", port: 5300 }, (asked, socket) =>
 *   Datagram.reply(socket, asked, asked.data)
 * )
 * metrics.add(server, { server: "echo" })
 * for (const metric of metrics.snapshot())
 *   if (metric.kind === "counter") console.log(metric.name, metric.attributes, metric.value)
 * ```
 * @see docs/observability.md has the names
 * @category constructors
 * @since 0.1.0
 */
export const make = (): DatagramMetrics => {
  const collection = new MetricCollection()
  return {
    add: (source, attributes) => {
      const checked = checkAttributes(attributes)
      const follow = followedSockets(source)
      if (follow !== undefined) return follow((core) => addTo(collection, [{ core, requests: undefined }], checked))
      const parts = partsOf(source)
      if (parts.length === 0)
        throw invalid("source", `${Codec.format(source)} is not a socket, a server or a client. Give one of them.`)
      addTo(collection, parts, checked)
    },
    snapshot: () => collection.snapshot()
  }
}

interface Part {
  readonly core: OpenSocket
  readonly requests: RequestCounters | undefined
}

const addTo = (collection: MetricCollection, parts: ReadonlyArray<Part>, attributes: MetricAttributes): void => {
  for (const { core } of parts)
    if ((collections.get(core) ?? collection) !== collection)
      throw invalid("source", "another collection counts it already. Add it to one of them.")
  for (const { core, requests } of parts) {
    collections.set(core, collection)
    collection.add(core, requests, attributes)
  }
}

/** Returns the sockets of a value, none if it is not one of this library. */
const partsOf = (source: unknown): ReadonlyArray<Part> => {
  if (typeof source !== "object" || source === null) return []
  try {
    const client = Client.partsOf(source)
    if (client !== undefined) return [{ core: client.core, requests: client.counters }]
    const core = openSocketOf(source) ?? openSocketOf(Reflect.get(source, "socket"))
    if (core !== undefined) return [{ core, requests: undefined }]
    const sockets: unknown = Reflect.get(source, "sockets")
    if (!Array.isArray(sockets)) return []
    const cores = Array.from<unknown, OpenSocket | undefined>(sockets, openSocketOf)
    return cores.flatMap((each) => (each === undefined ? [] : [{ core: each, requests: undefined }]))
  } catch {
    // A proxy may throw.
    return []
  }
}

const checkAttributes = (given: unknown): MetricAttributes => {
  if (given === undefined) return {}
  try {
    const entries =
      typeof given === "object" && given !== null
        ? Object.entries<unknown>(given as { readonly [name: string]: unknown })
        : undefined
    const attributes: { [name: string]: string } = {}
    for (const [name, value] of entries ?? []) if (typeof value === "string") attributes[name] = value
    if (entries?.length === Object.keys(attributes).length) return attributes
  } catch {
    // A proxy may throw.
  }
  throw invalid("attributes", `${Codec.format(given)} is not a record of texts. Give one, or leave it out.`)
}

const invalid = (argument: string, why: string) => errorOf(invalidBind(`${argument}: ${why}`, argument))

/** Metrics of Effect 3: their sums are those of the accounts when they are updated. */
import { requestMetrics, socketMetrics } from "@ancillary/engine/metrics"
import { Datagram, DatagramClient, DatagramMetrics, serve, withPktInfo } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Layer, Logger, Metric, MetricState, Schedule, Scope } from "effect"
import { type Flat, flat, sumOf } from "./accounts.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)

/** The series of one test by name and labels, without its own label and the unit. */
const snapshotOf = (test: string) =>
  Effect.map(
    Effect.zipRight(DatagramMetrics.update, Metric.snapshot),
    (all): Flat =>
      new Map(
        all.flatMap(({ metricKey: { name, tags }, metricState: state }) => {
          const labels = Object.fromEntries(tags.map(({ key, value }) => [key, value]))
          const { test: own, unit: _, ...rest } = labels
          if (own !== test) return []
          const value = MetricState.isCounterState(state)
            ? state.count
            : MetricState.isGaugeState(state)
              ? state.value
              : MetricState.isHistogramState(state)
                ? state.count
                : undefined
          return value === undefined ? [] : [[flat(name, rest), Number(value)] as const]
        })
      )
  )

const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24"] })
  const other = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(host, other)
  const client = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
  const ask = (...bytes: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      for (const byte of bytes) yield* client.send({ data: Uint8Array.of(byte), to: at })
      yield* NetworkSockets.settle(network)
    })
  const on = Layer.merge(NetworkSockets.layer(host), DatagramMetrics.layer)
  return { network, there: Layer.merge(NetworkSockets.layer(other), DatagramMetrics.layer), on, ask }
})

describe("metrics of a server", () => {
  it.scoped("equal its accounts after each update, and the ends of handlers add up", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const scope = yield* Scope.make()
      const server = yield* serve(
        spec,
        at,
        ({ data }) => {
          switch (data[0]) {
            case 0:
              return Effect.die(new Error("a defect"))
            case 1:
              return Effect.sleep("1 second")
            case 2:
              return Effect.interrupt
            default:
              return Effect.void
          }
        },
        { concurrency: 2, overflow: "drop", timeLimit: "500 millis" }
      ).pipe(Effect.tagMetrics("test", "accounts"), Effect.provide(on), Scope.extend(scope))
      yield* ask(0, 1, 2, 4, 5, 1, 1, 1, 6)
      for (let times = 0; times < 2; times++) {
        const seen = yield* snapshotOf("accounts")
        const stats = yield* server.stats
        expect(sumOf(seen, "datagram_received")).toBe(9)
        for (const { attributes, from, name } of socketMetrics) {
          const account = from.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], stats)
          if (typeof account !== "bigint") continue
          expect([name, attributes, seen.get(flat(name, attributes))]).toEqual([name, attributes, Number(account)])
        }
      }
      yield* NetworkSockets.adjust(network, "1 second")
      yield* ask(5)
      yield* Scope.close(scope, Exit.void)
      const last = yield* snapshotOf("accounts")
      expect(sumOf(last, "datagram_received_ends")).toBe(10)
      expect(sumOf(last, "datagram_served")).toBe(10)
      expect(last.get(flat("datagram_served", { decision: "overflow" }))).toBe(3)
      expect(sumOf(last, "datagram_handlers")).toBe(7)
      expect(last.get(flat("datagram_handler_seconds", {}))).toBe(7)
      expect(last.get(flat("datagram_batch_size", {}))).toBeGreaterThan(0)
      expect([last.get(flat("datagram_sockets", {})), last.get(flat("datagram_handlers_running", {}))]).toEqual([0, 0])
    }).pipe(Effect.provide(silent))
  )

  it.scoped("follow the counters each second, without an update", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const context = yield* Layer.build(on)
      yield* serve(spec, at, () => Effect.void).pipe(Effect.tagMetrics("test", "each second"), Effect.provide(context))
      yield* ask(1, 2, 3)
      const read = Effect.map(Metric.snapshot, (all) =>
        all.filter(
          ({ metricKey: { name, tags } }) =>
            name === "datagram_received" && tags.some(({ value }) => value === "each second")
        )
      )
      yield* NetworkSockets.adjust(network, "1 second")
      const [seen] = yield* read
      expect(seen?.metricState).toMatchObject({ count: 3 })
    }).pipe(Effect.provide(silent))
  )
})

it.scoped("metrics of a client equal its accounts", () =>
  Effect.gen(function* () {
    const { network, on, there } = yield* lab
    yield* serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(Effect.provide(on))
    const client = yield* DatagramClient.make(spec, {
      key: ({ data }) => data[0],
      retransmit: Schedule.recurs(0),
      timeout: "1 second"
    }).pipe(Effect.tagMetrics("test", "client"), Effect.provide(there))
    for (const [key, port] of [
      [1, at.port],
      [2, 8]
    ] as const)
      yield* Effect.fork(Effect.exit(client.request({ key, data: Uint8Array.of(key), to: { ...at, port } })))
    yield* NetworkSockets.adjust(network, "2 seconds")
    const seen = yield* snapshotOf("client")
    const stats = yield* client.stats
    for (const { attributes, from, name } of requestMetrics)
      expect([name, attributes, seen.get(flat(name, attributes))]).toEqual([
        name,
        attributes,
        Number(stats[from as keyof typeof stats])
      ])
    expect(seen.get(flat("datagram_requests", { end: "answered" }))).toBe(1)
    expect(seen.get(flat("datagram_requests", { end: "unanswered" }))).toBe(1)
  }).pipe(Effect.provide(silent))
)

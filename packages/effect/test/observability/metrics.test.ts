/** Metrics of Effect 4: their sums are those of the accounts, and they are read at the moment of the snapshot. */
import { requestMetrics, socketMetrics } from "@ancillary/engine/metrics"
import {
  Datagram,
  DatagramClient,
  DatagramMetrics,
  serve,
  serveSessions,
  withPktInfo,
  withReceiveBufferSize
} from "@ancillary/effect"
import { NodeSockets } from "@ancillary/effect/node"
import { NetworkSockets } from "@ancillary/effect/testing"
import { Effect, Exit, Layer, Metric, Option, References, Schedule, Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { type Flat, flat, sumOf } from "../../../effect3/test/observability/accounts.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }

/** The series of a registry by name and attributes, without the unit. */
const snapshot = Effect.map(
  Metric.snapshot,
  (all): Flat =>
    new Map(
      all.flatMap(({ attributes = {}, id, state, type }) => {
        const { unit: _, ...rest } = attributes
        const value =
          type === "Counter"
            ? Number(state.count)
            : type === "Gauge"
              ? Number(state.value)
              : type === "Histogram"
                ? state.count
                : undefined
        return value === undefined ? [] : [[flat(id, rest), value] as const]
      })
    )
)

const run = <A, E>(test: Effect.Effect<A, E, Scope.Scope>): Promise<A> =>
  Effect.runPromise(
    test.pipe(
      Effect.scoped,
      Effect.provide(TestClock.layer()),
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.provideService(References.MinimumLogLevel, "None")
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
  return {
    network,
    there: NetworkSockets.layer(other),
    on: Layer.merge(NetworkSockets.layer(host), DatagramMetrics.layer),
    ask
  }
})

describe("metrics of a server", () => {
  it("equal its accounts at each snapshot, and the ends of handlers add up", () =>
    run(
      Effect.gen(function* () {
        const { ask, network, on } = yield* lab
        const scope = yield* Scope.make()
        const server = yield* serve(
          spec,
          at,
          ({ data }, socket) => {
            switch (data[0]) {
              case 0:
                return Effect.die(new Error("a defect"))
              case 1:
                return Effect.sleep("1 second")
              case 2:
                return Effect.interrupt
              case 3:
                return Effect.asVoid(
                  Effect.exit(socket.send({ data: new Uint8Array(999), to: { address: "10.0.0.2", port: 9 } }))
                )
              default:
                return Effect.void
            }
          },
          { concurrency: 2, overflow: "drop", timeLimit: "500 millis" }
        ).pipe(Effect.provide(on), Scope.provide(scope))
        yield* ask(0, 1, 2, 3, 4, 5, 1, 1, 1, 6)
        const first = yield* snapshot
        const stats = yield* server.stats
        expect(sumOf(first, "datagram_received")).toBe(10)
        for (const { attributes, from, name } of socketMetrics) {
          const account = from.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], stats)
          if (typeof account !== "bigint") continue
          expect([name, attributes, first.get(flat(name, attributes))]).toEqual([name, attributes, Number(account)])
        }
        yield* NetworkSockets.adjust(network, "1 second")
        yield* ask(5)
        yield* Scope.close(scope, Exit.void)
        const last = yield* snapshot
        expect(sumOf(last, "datagram_received_ends")).toBe(11)
        expect(last.get(flat("datagram_served", { decision: "overflow" }))).toBe(3)
        expect(sumOf(last, "datagram_served")).toBe(11)
        expect(sumOf(last, "datagram_handlers")).toBe(8)
        expect(last.get(flat("datagram_handlers", { end: "timed_out" }))).toBe(2)
        expect(last.get(flat("datagram_handler_seconds", {}))).toBe(8)
        expect([last.get(flat("datagram_sockets", {})), last.get(flat("datagram_handlers_running", {}))]).toEqual([
          0, 0
        ])
      })
    ))

  it("are sums of the sockets with the same attributes, closed ones among them", () =>
    run(
      Effect.gen(function* () {
        const { ask, on } = yield* lab
        const once = (server: string) =>
          Effect.gen(function* () {
            const scope = yield* Scope.make()
            yield* serve(spec, at, () => Effect.void).pipe(
              Effect.provideService(Metric.CurrentMetricAttributes, { server }),
              Effect.provide(on),
              Scope.provide(scope)
            )
            yield* ask(1, 2)
            yield* Scope.close(scope, Exit.void)
          })
        for (const server of ["a", "b", "a"]) yield* once(server)
        const seen = yield* snapshot
        expect(seen.get(flat("datagram_received", { server: "a" }))).toBe(4)
        expect(seen.get(flat("datagram_received", { server: "b" }))).toBe(2)
      })
    ))

  it("have the ends of sessions, and of the requests of clients", () =>
    run(
      Effect.gen(function* () {
        const { network, on, there } = yield* lab
        yield* serveSessions(spec, at, (session) => Effect.flatMap(session.receive, ({ data }) => session.send(data)), {
          idle: "1 second"
        }).pipe(Effect.provide(on))
        const client = yield* DatagramClient.make(spec, {
          key: ({ data }) => data[0],
          retransmit: Schedule.recurs(0),
          timeout: "1 second"
        }).pipe(Effect.provide(Layer.merge(there, DatagramMetrics.layer)))
        const request = (key: number, port: number) =>
          Effect.forkChild(Effect.exit(client.request({ key, data: Uint8Array.of(key), to: { ...at, port } })))
        yield* request(1, at.port)
        yield* request(2, 8)
        yield* NetworkSockets.adjust(network, "2 seconds")
        const seen = yield* snapshot
        const stats = yield* client.stats
        for (const { attributes, from, name } of requestMetrics)
          expect([name, attributes, seen.get(flat(name, attributes))]).toEqual([
            name,
            attributes,
            Number(stats[from as keyof typeof stats])
          ])
        expect(seen.get(flat("datagram_requests", { end: "answered" }))).toBe(1)
        expect(seen.get(flat("datagram_sessions", { end: "completed" }))).toBe(1)
        expect(seen.get(flat("datagram_served", { decision: "session" }))).toBe(1)
      })
    ))
})

it("a socket without the layer records nothing and registers nothing", () =>
  run(
    Effect.gen(function* () {
      const { ask, network: _, there } = yield* lab
      yield* Datagram.bind(spec, { address: "10.0.0.2", port: 99 }).pipe(Effect.provide(there))
      yield* ask(1)
      expect(yield* Metric.snapshot).toEqual([])
    })
  ))

describe.runIf(process.platform === "linux")("drops of the kernel", () => {
  it("are counted before and after the socket is closed", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const bounded = Datagram.ipv4.pipe(withReceiveBufferSize(65_536))
        const scope = yield* Scope.make()
        const socket = yield* Datagram.bind(bounded, { address: "127.0.0.1", port: 0 }).pipe(
          Effect.provide(DatagramMetrics.layer),
          Scope.provide(scope)
        )
        const client = yield* Datagram.client(Datagram.ipv4)
        for (let i = 0; i < 100; i++) client.trySend({ data: new Uint8Array(8000), to: socket.localAddress })
        const before = yield* snapshot
        const drops = before.get(flat("datagram_kernel_drops", {})) ?? 0
        expect(drops).toBeGreaterThan(0)
        expect(before.get(flat("datagram_kernel_queue_bytes", {}))).toBeGreaterThan(8000)
        let taken = 0
        while (Option.isSome(yield* socket.receiveWithin(0))) taken++
        expect(taken + drops).toBe(100)
        yield* Scope.close(scope, Exit.void)
        const after = yield* snapshot
        expect(after.get(flat("datagram_kernel_drops", {}))).toBe(drops)
        expect(after.get(flat("datagram_kernel_queue_bytes", {}))).toBe(0)
      }).pipe(Effect.scoped, Effect.provide(NodeSockets.layer), Effect.provideService(Metric.MetricRegistry, new Map()))
    ))
})

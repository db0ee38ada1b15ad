/** Options of a server: what happens beyond the concurrency, time limits, the report of a stop, several addresses. */
import {
  Datagram,
  serve,
  serveAll,
  serveLayer,
  type ServeOptions,
  type StopReport,
  withPktInfo
} from "@ancillary/effect"
import { Deferred, Effect, Exit, Layer, Logger, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { client, first, here, layer, run, start, turn, until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const quiet = Effect.provide(Logger.layer([]))

describe("serve", () => {
  for (const [overflow, handled] of [
    ["wait", [1, 2, 3, 4]],
    ["drop", [1, 2]]
  ] as const)
    it(`with overflow "${overflow}" the handlers get ${handled.join(", ")} of four datagrams`, () =>
      run(
        Effect.gen(function* () {
          const seen: Array<number | undefined> = []
          const gate = yield* Deferred.make<void>()
          const server = yield* serve(
            spec,
            here,
            ({ data }) =>
              Effect.andThen(
                Effect.sync(() => void seen.push(data[0])),
                Deferred.await(gate)
              ),
            { concurrency: 2, overflow }
          )
          const asking = yield* client
          for (const byte of [1, 2, 3, 4]) yield* asking.send({ data: Uint8Array.of(byte), to: server.localAddress })
          yield* until(
            Effect.map(
              server.stats,
              (stats) => stats.handlers.started + stats.overflow === (overflow === "drop" ? 4n : 2n)
            )
          )
          yield* Deferred.succeed(gate, undefined)
          yield* until(Effect.map(server.stats, ({ handlers }) => handlers.succeeded === BigInt(handled.length)))
          expect(seen).toEqual(handled)
          expect((yield* server.stats).overflow).toBe(BigInt(4 - handled.length))
        })
      ))

  it("a handler that takes longer than timeLimit is interrupted and counted", () =>
    run(
      Effect.gen(function* () {
        const ended: Array<string> = []
        const server = yield* serve(
          spec,
          here,
          (asked, socket) =>
            asked.data[0] === 1
              ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("interrupted")))
              : Datagram.reply(socket, asked, asked.data),
          { timeLimit: "20 millis" }
        )
        const asking = yield* client
        for (const byte of [1, 2]) yield* asking.send({ data: Uint8Array.of(byte), to: server.localAddress })
        expect(first(yield* asking.receive)).toBe(2)
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.timedOut === 1n))
        expect(ended).toEqual(["interrupted"])
        expect((yield* server.stats).handlers).toMatchObject({
          started: 2n,
          succeeded: 1n,
          interrupted: 0n,
          running: 0n
        })
      }).pipe(quiet)
    ))

  it("a stop is reported with the handlers that finished and were interrupted", () =>
    run(
      Effect.gen(function* () {
        const reports: Array<StopReport> = []
        const gate = yield* Deferred.make<void>()
        const scope = yield* Scope.make()
        const server = yield* Scope.provide(
          serve(spec, here, ({ data }) => (data[0] === 1 ? Deferred.await(gate) : Effect.never), {
            shutdown: "50 millis",
            onStop: (report) => Effect.sync(() => void reports.push(report))
          }),
          scope
        )
        const asking = yield* client
        for (const byte of [1, 2, 2]) yield* asking.send({ data: Uint8Array.of(byte), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 3n))
        const closing = yield* start(Scope.close(scope, Exit.void))
        yield* Deferred.succeed(gate, undefined)
        yield* until(Effect.sync(() => closing.pollUnsafe() !== undefined))
        expect(reports).toEqual([{ finished: 1, interrupted: 2, abandoned: 0 }])
      }).pipe(quiet)
    ))

  const stops: { readonly [what: string]: () => Effect.Effect<void> } = {
    throws: () => {
      throw new Error("boom")
    },
    "returns nothing": () => undefined as unknown as Effect.Effect<void>,
    dies: () => Effect.die("boom")
  }
  for (const [what, onStop] of Object.entries(stops))
    it(`stops although onStop ${what}`, () => run(Effect.scoped(serve(spec, here, () => Effect.void, { onStop }))))

  const wrong: { readonly [option: string]: ReadonlyArray<unknown> } = {
    overflow: ["queue", 1, null, {}],
    timeLimit: [0, -1, Number.NaN, "soon", null, "0 seconds"],
    onStop: [1, "log", null, {}]
  }
  for (const [option, values] of Object.entries(wrong))
    it(`refuses a wrong ${option}`, () =>
      run(
        Effect.gen(function* () {
          for (const value of values) {
            const options = { [option]: value } as ServeOptions
            const error = yield* Effect.flip(serve(spec, here, () => Effect.void, options))
            expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
            expect(error.message).toMatch(new RegExp(`^${option}: .* is not .*\\. Leave it out for `))
          }
        })
      ))
})

describe("serveAll", () => {
  const addresses = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, port: 0 }))

  it("serves each address with one handler and one concurrency", () =>
    run(
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        let running = 0
        const handler = () =>
          Effect.andThen(
            Effect.sync(() => void running++),
            Deferred.await(gate)
          )
        const sockets = yield* serveAll(spec, addresses, handler, { concurrency: 3 })
        const asking = yield* client
        for (const { localAddress } of sockets)
          for (const byte of [1, 2]) yield* asking.send({ data: Uint8Array.of(byte), to: localAddress })
        yield* until(Effect.sync(() => running === 3))
        for (let n = 0; n < 20; n++) yield* turn
        expect(running).toBe(3)
        yield* Deferred.succeed(gate, undefined)
        yield* until(Effect.sync(() => running === 4))
        expect(sockets.map(({ localAddress }) => String(localAddress.address))).toEqual(["127.0.0.1", "127.0.0.2"])
      })
    ))

  it("leaves nothing bound if one address cannot be bound, and refuses an empty list", () =>
    run(
      Effect.gen(function* () {
        const free = yield* Effect.scoped(Effect.map(Datagram.bind(spec, here), ({ localAddress }) => localAddress))
        const error = yield* Effect.flip(serveAll(spec, [free, { address: "192.0.2.77", port: 7 }], () => Effect.void))
        expect(error).toMatchObject({ reason: "AddressNotAvailable" })
        yield* Datagram.bind(spec, free)
        expect((yield* Effect.flip(serveAll(spec, [], () => Effect.void))).message).toMatch(/Give at least one\.$/)
      })
    ))
})

describe("serveLayer", () => {
  it("serves when it is built, and stops when it is released", () =>
    run(
      Effect.gen(function* () {
        const free = yield* Effect.scoped(Effect.map(Datagram.bind(spec, here), ({ localAddress }) => localAddress))
        const scope = yield* Scope.make()
        const server = serveLayer(spec, free, (asked, socket) => Datagram.reply(socket, asked, asked.data))
        yield* Layer.buildWithScope(Layer.provide(server, layer), scope)
        const asking = yield* client
        yield* asking.send({ data: Uint8Array.of(5), to: free })
        expect(first(yield* asking.receive)).toBe(5)
        yield* Scope.close(scope, Exit.void)
        yield* Datagram.bind(spec, free)
      })
    ))
})

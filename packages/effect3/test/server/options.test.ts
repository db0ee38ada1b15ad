/** Options of a server: what happens beyond the concurrency, time limits, the report of a stop, several addresses. */
import {
  Datagram,
  serve,
  serveAll,
  serveLayer,
  type ServeOptions,
  type StopReport,
  withPktInfo
} from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)

/** Two hosts, a client on one of them, and the layer of the other. */
const lab = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const host = network.host("server", { addresses: ["10.0.0.1/24", "10.0.0.3/24"] })
  const other = network.host("client", { addresses: ["10.0.0.2/24"] })
  network.link(host, other)
  const client = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
  const ask = (to: { readonly address: string; readonly port: number }, ...bytes: ReadonlyArray<number>) =>
    Effect.forEach(bytes, (byte) => client.send({ data: Uint8Array.of(byte), to }), { discard: true }).pipe(
      Effect.zipRight(NetworkSockets.settle(network))
    )
  return { network, on: NetworkSockets.layer(host), client, ask }
})

describe("beyond the concurrency", () => {
  for (const [overflow, handled] of [
    ["wait", [1, 2, 3, 4]],
    ["drop", [1, 2]]
  ] as const)
    it.scoped(`with overflow "${overflow}" the handlers get ${handled.join(", ")} of four datagrams`, () =>
      Effect.gen(function* () {
        const { ask, network, on } = yield* lab
        const seen: Array<number | undefined> = []
        const gate = yield* Deferred.make<void>()
        const server = yield* serve(
          spec,
          at,
          ({ data }) =>
            Effect.zipRight(
              Effect.sync(() => void seen.push(data[0])),
              Deferred.await(gate)
            ),
          { concurrency: 2, overflow }
        ).pipe(Effect.provide(on))
        yield* ask(at, 1, 2, 3, 4)
        expect(seen).toEqual([1, 2])
        yield* Deferred.succeed(gate, undefined)
        yield* NetworkSockets.settle(network)
        expect(seen).toEqual(handled)
        const { delivered, handlers, overflow: dropped } = yield* server.stats
        expect(dropped).toBe(BigInt(4 - handled.length))
        expect(handlers).toMatchObject({ started: BigInt(handled.length), running: 0n })
        expect(delivered).toBe(handlers.started + dropped)
        yield* ask(at, 5)
        expect(seen.at(-1)).toBe(5)
      })
    )
})

describe("a time limit", () => {
  it.scoped("interrupts a handler that takes longer, releases its resources, and counts it", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const ended: Array<string> = []
      const server = yield* serve(
        spec,
        at,
        ({ data }) =>
          Effect.gen(function* () {
            yield* Effect.addFinalizer((exit) => Effect.sync(() => void ended.push(`${data[0]} ${exit._tag}`)))
            yield* data[0] === 1 ? Effect.never : Effect.sleep("2 seconds")
          }),
        { timeLimit: "3 seconds", concurrency: 2 }
      ).pipe(Effect.provide(on))
      yield* ask(at, 1, 2)
      yield* NetworkSockets.adjust(network, "2900 millis")
      expect(ended).toEqual(["2 Success"])
      yield* NetworkSockets.adjust(network, "200 millis")
      expect(ended).toEqual(["2 Success", "1 Failure"])
      expect((yield* server.stats).handlers).toEqual({
        started: 2n,
        succeeded: 1n,
        failed: 0n,
        interrupted: 0n,
        timedOut: 1n,
        running: 0n
      })
      // The place of the handler is free again, and each handler has the whole time.
      yield* ask(at, 2, 2)
      yield* NetworkSockets.adjust(network, "2500 millis")
      expect((yield* server.stats).handlers).toMatchObject({ succeeded: 3n, timedOut: 1n })
    }).pipe(Effect.provide(silent))
  )

  it.scoped("is logged once with its peer", () => {
    const logged: Array<string> = []
    const logger = Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void logged.push(String(message)))
    )
    return Effect.gen(function* () {
      const { ask, client, network, on } = yield* lab
      yield* serve(spec, at, () => Effect.never, { timeLimit: "1 second" }).pipe(Effect.provide(on))
      yield* ask(at, 1, 2, 3)
      yield* NetworkSockets.adjust(network, "2 seconds")
      expect(logged).toHaveLength(1)
      expect(logged[0]).toContain(`from 10.0.0.2:${client.localAddress.port} took longer than timeLimit`)
    }).pipe(Effect.provide(logger))
  })
})

describe("a stop", () => {
  it.scoped("is reported with the handlers that finished, were interrupted, and did not end", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const reports: Array<StopReport> = []
      const scope = yield* Scope.make()
      const server = yield* serve(
        spec,
        at,
        ({ data }) => {
          if (data[0] === 1) return Effect.sleep("1 second")
          return data[0] === 2 ? Effect.never : Effect.uninterruptible(Effect.never)
        },
        { shutdown: "2 seconds", onStop: (report) => Effect.sync(() => void reports.push(report)) }
      ).pipe(Scope.extend(scope), Effect.provide(on))
      yield* ask(at, 1, 2, 2, 3)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* NetworkSockets.adjust(network, "10 seconds")
      yield* Fiber.join(closing)
      expect(reports).toEqual([{ finished: 1, interrupted: 2, abandoned: 1 }])
      expect((yield* server.stats).handlers).toMatchObject({ succeeded: 1n, interrupted: 2n, running: 1n })
    }).pipe(Effect.provide(silent))
  )

  for (const [what, onStop] of Object.entries({
    throws: () => {
      throw new Error("boom")
    },
    "returns nothing": () => undefined as unknown as Effect.Effect<void>,
    dies: () => Effect.die("boom"),
    "never ends": () => Effect.never
  } satisfies { readonly [what: string]: () => Effect.Effect<void> }))
    it.scoped(`ends although onStop ${what}`, () =>
      Effect.gen(function* () {
        const { network, on } = yield* lab
        const scope = yield* Scope.make()
        yield* serve(spec, at, () => Effect.void, { onStop }).pipe(Scope.extend(scope), Effect.provide(on))
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* NetworkSockets.adjust(network, "1 minute")
        yield* Fiber.join(closing)
      })
    )
})

describe("several addresses", () => {
  it.scoped("are served by one handler, which gets the socket that was asked", () =>
    Effect.gen(function* () {
      const { ask, client, on } = yield* lab
      const addresses = ["10.0.0.1", "10.0.0.3"].map((address) => ({ address, port: 7 }))
      const sockets = yield* serveAll(spec, addresses, (asked, socket) =>
        Datagram.reply(socket, asked, asked.data)
      ).pipe(Effect.provide(on))
      expect(sockets.map(({ localAddress }) => String(localAddress))).toEqual(["10.0.0.1:7", "10.0.0.3:7"])
      for (const to of addresses) {
        yield* ask(to, 1)
        expect(String((yield* client.receive).from)).toBe(`${to.address}:7`)
      }
    })
  )

  it.scoped("share the concurrency", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const gate = yield* Deferred.make<void>()
      let running = 0
      const addresses = ["10.0.0.1", "10.0.0.3"].map((address) => ({ address, port: 7 }))
      yield* serveAll(
        spec,
        addresses,
        () =>
          Effect.zipRight(
            Effect.sync(() => void running++),
            Deferred.await(gate)
          ),
        {
          concurrency: 3
        }
      ).pipe(Effect.provide(on))
      for (const to of addresses) yield* ask(to, 1, 2)
      expect(running).toBe(3)
      yield* Deferred.succeed(gate, undefined)
      yield* NetworkSockets.settle(network)
      expect(running).toBe(4)
    })
  )

  it.scoped("take turns if there is room again", () =>
    Effect.gen(function* () {
      const { ask, network, on } = yield* lab
      const gates: Array<Deferred.Deferred<void>> = []
      const seen: Array<string> = []
      const addresses = ["10.0.0.1", "10.0.0.3"].map((address) => ({ address, port: 7 }))
      yield* serveAll(
        spec,
        addresses,
        (_, { localAddress }) =>
          Effect.gen(function* () {
            const gate = yield* Deferred.make<void>()
            gates.push(gate)
            seen.push(String(localAddress))
            yield* Deferred.await(gate)
          }),
        { concurrency: 1 }
      ).pipe(Effect.provide(on))
      for (const to of addresses) yield* ask(to, 1, 2, 3)
      for (let n = 0; n < 6; n++) {
        expect(gates).toHaveLength(n + 1)
        for (const gate of gates.slice(n)) yield* Deferred.succeed(gate, undefined)
        yield* NetworkSockets.settle(network)
      }
      // Neither address waits until the other has nothing left.
      expect(new Set(seen.slice(0, 3)).size).toBe(2)
    })
  )

  it.scoped("leave nothing bound if one of them cannot be bound", () =>
    Effect.gen(function* () {
      const { on } = yield* lab
      const addresses = [at, { address: "10.0.0.99", port: 7 }]
      const error = yield* Effect.flip(serveAll(spec, addresses, () => Effect.void)).pipe(Effect.provide(on))
      expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "AddressNotAvailable" })
      yield* Datagram.bind(spec, at).pipe(Effect.provide(on))
    })
  )

  it.scoped("are rejected if they are missing, or not an array", () =>
    Effect.gen(function* () {
      const { on } = yield* lab
      const thrower = (): never => {
        throw new Error("trap")
      }
      const wrong = [[], undefined, 7, at, new Proxy([], { get: thrower, ownKeys: thrower })]
      for (const addresses of wrong as ReadonlyArray<ReadonlyArray<typeof at>>)
        expect(
          (yield* Effect.flip(serveAll(spec, addresses, () => Effect.void)).pipe(Effect.provide(on))).message
        ).toMatch(/^addresses: .* is not an array of addresses\. Give at least one\.$/)
    })
  )
})

describe("a layer", () => {
  it.scoped("serves when it is built, and stops when it is released", () =>
    Effect.gen(function* () {
      const { ask, client, on } = yield* lab
      const scope = yield* Scope.make()
      const layer = serveLayer(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data))
      yield* Layer.buildWithScope(Layer.provide(layer, on), scope)
      yield* ask(at, 1)
      expect((yield* client.receive).data).toEqual(Uint8Array.of(1))
      yield* Scope.close(scope, Exit.void)
      yield* Datagram.bind(spec, at).pipe(Effect.provide(on))
    })
  )
})

describe("options", () => {
  const wrong: { readonly [option: string]: ReadonlyArray<unknown> } = {
    overflow: ["queue", 1, null, {}],
    timeLimit: [0, -1, Number.NaN, "soon", null, "0 seconds"],
    onStop: [1, "log", null, {}]
  }
  for (const [option, values] of Object.entries(wrong))
    it.scoped(`a wrong ${option} is refused before anything is bound`, () =>
      Effect.gen(function* () {
        const { on } = yield* lab
        for (const value of values) {
          const options = { [option]: value } as ServeOptions
          const error = yield* Effect.flip(serve(spec, at, () => Effect.void, options)).pipe(Effect.provide(on))
          expect(error).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
          expect(error.message).toMatch(new RegExp(`^${option}: .* is not .*\\. Leave it out for `))
        }
      })
    )
})

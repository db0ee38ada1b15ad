/** The services of a handler: those of its server, and a scope of its own that is made when the handler asks for it. */
import { Datagram, serve, withPktInfo } from "@ancillary/effect3"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { expect, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, FiberRef, Scope } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }

class Greeting extends Context.Tag("Greeting")<Greeting, string>() {}

/** Serves with a handler, and returns the function that asks it. */
const asking = <R>(handler: (byte: number | undefined) => Effect.Effect<void, never, R>) =>
  Effect.gen(function* () {
    const network = yield* NetworkSockets.network({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other)
    yield* serve(spec, at, ({ data }) => handler(data[0])).pipe(Effect.provide(NetworkSockets.layer(host)))
    const client = yield* Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
    return (byte: number) =>
      Effect.zipRight(client.send({ data: Uint8Array.of(byte), to: at }), NetworkSockets.settle(network))
  })

it.scoped("each handler has the server's services, and a scope that closes when it ends", () =>
  Effect.gen(function* () {
    const seen: Array<string> = []
    const ask = yield* asking((byte) =>
      Effect.gen(function* () {
        const greeting = yield* Greeting
        yield* Effect.addFinalizer(({ _tag }) => Effect.sync(() => seen.push(`closed ${byte} ${_tag}`)))
        seen.push(`${greeting} ${byte}`)
      })
    ).pipe(Effect.provideService(Greeting, "hello"))
    yield* ask(1)
    yield* ask(2)
    expect(seen).toEqual(["hello 1", "closed 1 Success", "hello 2", "closed 2 Success"])
  })
)

it.scoped("all services of a handler have its scope, however they are read", () =>
  Effect.gen(function* () {
    const scopes = new Set<Scope.Scope>()
    const texts: Array<string> = []
    const ask = yield* asking(() =>
      Effect.gen(function* () {
        const all = yield* Effect.context<Greeting | Scope.Scope>()
        const scope = yield* Effect.scope
        scopes.add(scope)
        const { unsafeMap } = all
        const copies = [
          Context.merge(all, Context.empty()).unsafeMap,
          new Map(unsafeMap),
          new Map(unsafeMap.entries()),
          new Map(Array.from(unsafeMap.keys(), (key, index) => [key, [...unsafeMap.values()][index]]))
        ]
        const visited = new Map<string, unknown>()
        unsafeMap.forEach((service, key) => visited.set(key, service))
        for (const copy of [...copies, visited, unsafeMap]) {
          const same = copy.get(Scope.Scope.key) === scope && copy.has(Scope.Scope.key)
          texts.push(`${same} ${copy.get(Greeting.key)} ${copy.size === unsafeMap.size} ${copy.has("absent")}`)
        }
      })
    ).pipe(Effect.provideService(Greeting, "hello"))
    yield* ask(1)
    yield* ask(2)
    expect(scopes.size).toBe(2)
    expect(texts).toEqual(Array.from({ length: 12 }, () => "true hello true false"))
  })
)

it.scoped("a fiber that outlives its handler gets a closed scope, used before or not", () =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<void>()
    const seen: Array<string> = []
    const fibers: Array<Fiber.Fiber<void>> = []
    const ask = yield* asking((byte) =>
      Effect.gen(function* () {
        if (byte === 1) yield* Effect.addFinalizer(() => Effect.sync(() => seen.push("first")))
        const late = Effect.addFinalizer(({ _tag }) => Effect.sync(() => seen.push(`late ${byte} ${_tag}`)))
        fibers.push(yield* Effect.forkDaemon(Effect.zipRight(Deferred.await(ended), late)))
      })
    )
    yield* ask(1)
    yield* ask(2)
    expect(seen).toEqual(["first"])
    yield* Deferred.succeed(ended, undefined)
    yield* Fiber.joinAll(fibers)
    expect(seen).toEqual(["first", "late 1 Success", "late 2 Success"])
  })
)

it.scoped("a handler has the fiber references of its server, and its changes end with it", () =>
  Effect.gen(function* () {
    const reference = FiberRef.unsafeMake("initial")
    const seen: Array<string> = []
    const ask = yield* asking((byte) =>
      Effect.gen(function* () {
        seen.push(yield* FiberRef.get(reference))
        yield* FiberRef.set(reference, `handler ${byte}`)
      })
    ).pipe(Effect.locally(reference, "server"))
    yield* ask(1)
    yield* ask(2)
    expect(seen).toEqual(["server", "server"])
  })
)

/** Servers: a fiber and a scope for each datagram, and no end by a handler. */
import { Datagram, serve, serveOn, withPktInfo } from "@ancillary/effect"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { describe, expect, it } from "vitest"
import { bind, bytes, client, first, here, run, start, text, turn, until } from "./kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const quiet = Effect.provide(Logger.layer([]))

const thrower = (): never => {
  throw new RangeError("thrown by a trap")
}
const trap: object = new Proxy({}, { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower })

/** Handlers that fail only their own datagram. */
const failing: { readonly [name: string]: () => unknown } = {
  fails: () => Effect.fail("no"),
  dies: () => Effect.die(new Error("boom")),
  throws: () => {
    throw new Error("boom")
  },
  "throws an object whose traps throw": () => {
    throw trap
  },
  "fails with an object whose traps throw": () => Effect.fail(trap),
  "returns nothing": () => undefined,
  "returns a rejected promise": () => Promise.reject(new Error("rejected")),
  "returns an object that claims to be an effect": () => ({ "~effect/Effect": {} }),
  "dies within a finalizer": () => Effect.addFinalizer(() => Effect.die("at its end"))
}

describe("serve", () => {
  it("answers each datagram", () =>
    run(
      Effect.gen(function* () {
        const server = yield* serve(spec, here, (asked, socket) => Datagram.reply(socket, asked, asked.data))
        const asking = yield* client
        for (const each of ["one", "two"]) {
          yield* asking.send({ data: bytes(each), to: server.localAddress })
          expect(text((yield* asking.receive).data)).toBe(each)
        }
      })
    ))

  for (const [what, handler] of Object.entries(failing))
    it(`goes on if a handler ${what}`, () =>
      run(
        Effect.gen(function* () {
          const server = yield* serve(spec, here, (asked, socket) =>
            text(asked.data) === "bad"
              ? (handler as () => Effect.Effect<void>)()
              : Datagram.reply(socket, asked, asked.data)
          )
          const asking = yield* client
          for (const each of ["bad", "good", "bad", "good"])
            yield* asking.send({ data: bytes(each), to: server.localAddress })
          expect([text((yield* asking.receive).data), text((yield* asking.receive).data)]).toEqual(["good", "good"])
          yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 0n))
          const { handlers } = yield* server.stats
          expect(handlers).toEqual({
            started: 4n,
            succeeded: 2n,
            failed: 2n,
            interrupted: 0n,
            timedOut: 0n,
            running: 0n
          })
        }).pipe(quiet)
      ))

  it("logs the first failure of each kind", () => {
    const logged: Array<string> = []
    const logger = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
    return run(
      Effect.gen(function* () {
        const server = yield* serve(spec, here, ({ data }) => Effect.fail({ _tag: text(data) }))
        const asking = yield* client
        for (const each of ["A", "B", "A", "A"]) yield* asking.send({ data: bytes(each), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.failed === 4n))
        expect(logged).toHaveLength(2)
      }).pipe(Effect.provide(logger))
    )
  })

  it("each handler has a scope, which closes when the handler ends", () =>
    run(
      Effect.gen(function* () {
        const closed: Array<string> = []
        const server = yield* serve(spec, here, ({ data }) =>
          Effect.andThen(
            Effect.addFinalizer((exit) => Effect.sync(() => void closed.push(`${text(data)} ${exit._tag}`))),
            text(data) === "bad" ? Effect.fail("no") : Effect.void
          )
        )
        const asking = yield* client
        for (const each of ["good", "bad"]) yield* asking.send({ data: bytes(each), to: server.localAddress })
        yield* until(Effect.sync(() => closed.length === 2))
        expect(closed.toSorted()).toEqual(["bad Failure", "good Success"])
      }).pipe(quiet)
    ))

  it("runs at most concurrency handlers, and leaves the rest in the kernel", () =>
    run(
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        const server = yield* serve(spec, here, () => Deferred.await(gate), { concurrency: 2 })
        const asking = yield* client
        for (let n = 0; n < 5; n++) yield* asking.send({ data: Uint8Array.of(n), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 2n))
        for (let n = 0; n < 20; n++) yield* turn
        expect((yield* server.stats).handlers.started).toBe(2n)
        yield* Deferred.succeed(gate, undefined)
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.succeeded === 5n))
      })
    ))

  it("interrupts handlers that do not end in the time of shutdown, and waits for them", () =>
    run(
      Effect.gen(function* () {
        const ended: Array<string> = []
        const scope = yield* Scope.make()
        const server = yield* Scope.provide(
          serve(
            spec,
            here,
            () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("interrupted"))),
            { shutdown: 0 }
          ),
          scope
        )
        const asking = yield* client
        yield* asking.send({ data: Uint8Array.of(1), to: server.localAddress })
        yield* until(Effect.map(server.stats, ({ handlers }) => handlers.running === 1n))
        yield* Scope.close(scope, Exit.void)
        expect(ended).toEqual(["interrupted"])
        expect((yield* server.stats).handlers).toMatchObject({ interrupted: 1n, running: 0n })
      })
    ))

  it("a handler that closes its own server does not hold it", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const closed = yield* Deferred.make<void>()
        const server = yield* Scope.provide(
          serve(spec, here, () =>
            Effect.andThen(Scope.close(scope, Exit.void), Effect.asVoid(Deferred.succeed(closed, undefined)))
          ),
          scope
        )
        const asking = yield* client
        yield* asking.send({ data: Uint8Array.of(1), to: server.localAddress })
        yield* Deferred.await(closed)
        expect(yield* Effect.flip(server.receive)).toMatchObject({ reason: "Closed" })
      })
    ))

  it("handlers have the services of the program", () => {
    class Reply extends Context.Service<Reply, { readonly data: Uint8Array }>()("test/Reply") {}
    return run(
      Effect.gen(function* () {
        const server = yield* serve(spec, here, (asked, socket) =>
          Effect.flatMap(Reply, ({ data }) => Datagram.reply(socket, asked, data))
        )
        const asking = yield* client
        yield* asking.send({ data: bytes("?"), to: server.localAddress })
        expect(text((yield* asking.receive).data)).toBe("!")
      }).pipe(Effect.provideService(Reply, { data: bytes("!") }))
    )
  })

  it("starts 100 handlers in fewer turns of the event loop than datagrams", () =>
    run(
      Effect.gen(function* () {
        const [socket, asking] = [yield* bind, yield* client]
        for (let n = 0; n < 100; n++) yield* asking.send({ data: Uint8Array.of(n), to: socket.localAddress })
        const seen: Array<number | undefined> = []
        const all = yield* Deferred.make<void>()
        let turns = 0
        const count = () => {
          turns++
          if (seen.length < 100) setImmediate(count)
        }
        setImmediate(count)
        yield* serveOn(socket, (datagram) =>
          Effect.suspend(() =>
            seen.push(first(datagram)) < 100 ? Effect.void : Effect.asVoid(Deferred.succeed(all, undefined))
          )
        )
        yield* Deferred.await(all)
        expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n))
        expect(turns).toBeLessThan(50)
      })
    ))

  it.each([
    ["concurrency", 0],
    ["shutdown", -1],
    ["shutdown", {}],
    ["sendTimeout", "soon"]
  ] as const)("fails with InvalidArgument if %s is %j", (option, value) =>
    run(
      Effect.gen(function* () {
        const server = serve(spec, here, () => Effect.void, { [option]: value as never })
        expect(yield* Effect.flip(server)).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
      })
    )
  )
})

describe("serveOn", () => {
  it("its fiber fails with Closed if the socket is closed", () =>
    run(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.provide(bind, scope)
        const fiber = yield* serveOn(socket, () => Effect.void)
        yield* turn
        yield* Scope.close(scope, Exit.void)
        const exit = yield* Fiber.await(fiber)
        expect(exit._tag === "Failure" && Cause.squash(exit.cause)).toMatchObject({ reason: "Closed" })
      }).pipe(quiet)
    ))

  it("an interrupted fiber takes no further datagram", () =>
    run(
      Effect.gen(function* () {
        const [socket, asking] = [yield* bind, yield* client]
        const seen: Array<number | undefined> = []
        const fiber = yield* serveOn(socket, (datagram) => Effect.sync(() => void seen.push(first(datagram))))
        yield* asking.send({ data: Uint8Array.of(1), to: socket.localAddress })
        yield* until(Effect.sync(() => seen.length === 1))
        yield* Fiber.interrupt(fiber)
        const reader = yield* start(socket.receive)
        yield* asking.send({ data: Uint8Array.of(2), to: socket.localAddress })
        expect([first(yield* Fiber.join(reader)), seen]).toEqual([2, [1]])
      })
    ))

  it("fails with InvalidArgument for what is no socket and no function", () =>
    run(
      Effect.gen(function* () {
        const socket = yield* bind
        const noHandler = 1 as unknown as () => Effect.Effect<void>
        for (const wrong of [serveOn({} as typeof socket, () => Effect.void), serveOn(socket, noHandler)])
          expect(yield* Effect.flip(wrong)).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument" })
      })
    ))
})

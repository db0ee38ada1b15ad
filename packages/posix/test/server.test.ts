import { LinuxSockets } from "@ancillary/posix"
import { Datagram, DatagramSockets, serve, serveOn, withHopLimit } from "@ancillary/socket"
import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Option, Ref, Scope } from "effect"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const spec = Datagram.ipv4.pipe(withHopLimit())
const at = { address: "127.0.0.1", port: 0 }
const silent = Logger.remove(Logger.defaultLogger)

const client = Datagram.bind(spec, at)
const until = (done: Effect.Effect<boolean>) =>
  Effect.repeat(Effect.zipRight(Effect.yieldNow(), done), { until: (is) => is }).pipe(Effect.timeout("5 seconds"))

it.scopedLive("a server is ready when its effect succeeded, and answers", () =>
  Effect.gen(function* () {
    const server = yield* serve(spec, at, ({ data, from }, socket) => Effect.orDie(socket.send({ data, to: from })))
    const peer = yield* client
    yield* peer.send({ data: Uint8Array.of(7), to: server.localAddress })
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(7))
  }).pipe(Effect.provide(layer))
)

it.scopedLive("as many handlers as allowed, and what they do not take stays in the kernel", () =>
  Effect.gen(function* () {
    const running = yield* Ref.make(0)
    const gate = yield* Deferred.make<void>()
    const handler = () =>
      Effect.zipRight(
        Ref.update(running, (n) => n + 1),
        Deferred.await(gate)
      )
    const server = yield* serve(spec, at, handler, { concurrency: 2 })
    const peer = yield* client
    for (let i = 0; i < 5; i++) yield* peer.send({ data: Uint8Array.of(i), to: server.localAddress })
    yield* until(Effect.map(Ref.get(running), (n) => n === 2))
    yield* Effect.yieldNow().pipe(Effect.repeatN(50))
    expect(yield* Ref.get(running)).toBe(2)
    expect((yield* server.stats).taken).toBe(2n)
    yield* Deferred.succeed(gate, undefined)
    yield* until(Effect.map(Ref.get(running), (n) => n === 5))
    const { received, taken } = yield* server.stats
    expect([taken, received]).toEqual([5n, 5n])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a handler that fails or dies is over with its datagram, and the server goes on", () =>
  Effect.gen(function* () {
    const server = yield* serve(
      spec,
      at,
      ({ data, from }, socket) =>
        data[0] === 0
          ? Effect.fail("no")
          : data[0] === 1
            ? Effect.die("never")
            : Effect.orDie(socket.send({ data, to: from })),
      { concurrency: 1 }
    )
    const peer = yield* client
    for (const each of [0, 1, 2]) yield* peer.send({ data: Uint8Array.of(each), to: server.localAddress })
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(2))
  }).pipe(Effect.provide(layer), Effect.provide(silent))
)

it.scopedLive("closing the scope stops reading, lets handlers finish, and closes the socket last", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const started = yield* Deferred.make<void>()
    const gate = yield* Deferred.make<void>()
    const server = yield* Scope.extend(
      serve(spec, at, ({ data, from }, socket) =>
        Deferred.succeed(started, undefined).pipe(
          Effect.zipRight(Deferred.await(gate)),
          Effect.zipRight(Effect.orDie(socket.send({ data, to: from })))
        )
      ),
      scope
    )
    const peer = yield* client
    yield* peer.send({ data: Uint8Array.of(1), to: server.localAddress })
    yield* Deferred.await(started)
    const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* Effect.yieldNow().pipe(Effect.repeatN(20))
    yield* peer.send({ data: Uint8Array.of(2), to: server.localAddress })
    yield* Deferred.succeed(gate, undefined)
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(1))
    yield* closing
    // The second came after reading had stopped.
    expect((yield* server.stats).taken).toBe(1n)
    expect(yield* Effect.flip(server.receive)).toMatchObject({ reason: "Closed" })
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a handler that does not finish in time is interrupted", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const started = yield* Deferred.make<void>()
    const interrupted = yield* Ref.make(false)
    const server = yield* Scope.extend(
      serve(
        spec,
        at,
        () =>
          Effect.onInterrupt(Effect.zipRight(Deferred.succeed(started, undefined), Effect.never), () =>
            Ref.set(interrupted, true)
          ),
        { shutdown: "10 millis" }
      ),
      scope
    )
    const peer = yield* client
    yield* peer.send({ data: Uint8Array.of(1), to: server.localAddress })
    yield* Deferred.await(started)
    yield* Scope.close(scope, Exit.void)
    expect(yield* Ref.get(interrupted)).toBe(true)
    expect(yield* peer.receiveWithin(0)).toEqual(Option.none())
  }).pipe(Effect.provide(layer), Effect.provide(silent))
)

it.scopedLive("a socket that is there already is served until the scope closes, and is open afterwards", () =>
  Effect.gen(function* () {
    const socket = yield* client
    const scope = yield* Scope.make()
    const reading = yield* Scope.extend(
      serveOn(socket, ({ data, from }) => socket.send({ data, to: from })),
      scope
    )
    const peer = yield* client
    yield* peer.send({ data: Uint8Array.of(7), to: socket.localAddress })
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(7))
    yield* Scope.close(scope, Exit.void)
    expect(Exit.isInterrupted(yield* Fiber.await(reading))).toBe(true)
    yield* peer.send({ data: Uint8Array.of(8), to: socket.localAddress })
    expect((yield* socket.receive).data).toEqual(Uint8Array.of(8))
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a socket that is closed under its server ends the reading with the reason", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const socket = yield* Scope.extend(client, scope)
    const reading = yield* serveOn(socket, () => Effect.void)
    yield* Scope.close(scope, Exit.void)
    expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
  }).pipe(Effect.provide(layer), Effect.provide(silent))
)

import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  Descriptor,
  Interfaces,
  serve,
  serveOn,
  withHopLimit,
  withPktInfo,
  withRights
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Option, Ref, Scope, TestClock } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { files, unixLayer } from "./files.ts"
import { fillQueue } from "./fullQueue.ts"
import { openDescriptors, openDescriptorsAre, settledDescriptors, turn } from "./process.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const spec = Datagram.ipv4.pipe(withHopLimit())
const at = { address: "127.0.0.1", port: 0 }
const silent = Logger.remove(Logger.defaultLogger)

const client = Datagram.bind(spec, at)
const until = (done: Effect.Effect<boolean>) =>
  Effect.repeat(Effect.zipRight(Effect.yieldNow(), done), { until: (is) => is }).pipe(Effect.timeout("5 seconds"))

it.scopedLive("a server is ready when its effect has succeeded, and answers", () =>
  Effect.gen(function* () {
    const server = yield* serve(spec, at, ({ data, from }, socket) => Effect.orDie(socket.send({ data, to: from })))
    const peer = yield* client
    yield* peer.send({ data: Uint8Array.of(7), to: server.localAddress })
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(7))
  }).pipe(Effect.provide(layer))
)

it.scopedLive("runs as many handlers as allowed, and leaves other datagrams in the kernel", () =>
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
    expect((yield* server.stats).dequeued).toBe(2n)
    yield* Deferred.succeed(gate, undefined)
    yield* until(Effect.map(Ref.get(running), (n) => n === 5))
    const { delivered, dequeued } = yield* server.stats
    expect([dequeued, delivered]).toEqual([5n, 5n])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a handler that fails or dies ends only its datagram, and the server continues", () =>
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

it.scopedLive("closing the scope stops reading, awaits handlers, and then closes the socket", () =>
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
    expect((yield* server.stats).dequeued).toBe(1n)
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

it.scopedLive("an existing socket is served until the scope closes, and stays open", () =>
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

it.scopedLive("closing the socket of a server ends its reading with the reason", () =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const socket = yield* Scope.extend(client, scope)
    const reading = yield* serveOn(socket, () => Effect.void)
    yield* Scope.close(scope, Exit.void)
    expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
  }).pipe(Effect.provide(layer), Effect.provide(silent))
)

/** Waits for the event loop, without a limit of time. */
const turnsUntil = <E, R>(done: Effect.Effect<boolean, E, R>) =>
  Effect.repeat(Effect.zipRight(Effect.promise(turn), done), { until: (is) => is })

it.scopedLive("descriptors that a handler takes are closed when it ends", () =>
  Effect.gen(function* () {
    const path = `\0ancillary-taking-${process.pid}`
    const taken: Array<number> = []
    const server = yield* serve(Datagram.unix.pipe(withRights({ maximum: 1 })), { path }, ({ control }) =>
      Effect.map(Effect.forEach(control.rights, Descriptor.take), (numbers) => void taken.push(...numbers))
    )
    const sender = yield* Datagram.client(Datagram.unix.pipe(withRights({ only: "send" })))
    const [file = -1] = yield* files(1)
    yield* settledDescriptors
    const before = openDescriptors()
    for (let i = 0; i < 100; i++)
      yield* sender.send({ data: Uint8Array.of(i), to: { path }, control: { rights: [file] } })
    yield* turnsUntil(Effect.map(server.stats, ({ handlers }) => handlers.succeeded === 100n))
    expect(taken).toHaveLength(100)
    // Untaken descriptors are closed in another thread, so the last of them may still be open.
    yield* openDescriptorsAre(before)
  }).pipe(Effect.provide(unixLayer))
)

describe("clients of a Unix server that send requests and never read", () => {
  const echo = (name: string, options?: Parameters<typeof serve>[3]) =>
    serve(
      Datagram.unix,
      { path: `\0ancillary-${name}-${process.pid}` },
      ({ data, from }, socket) => socket.send({ data, to: from }),
      options
    )
  /** A client of the server. */
  const asking = Effect.gen(function* () {
    const client = yield* Datagram.client(Datagram.unix)
    return {
      client,
      ask: (to: { readonly path: string | undefined }) =>
        client.send({ data: Uint8Array.of(1), to: { path: to.path ?? "" } })
    }
  })

  it.scopedLive("block no handler: their replies are dropped and counted, others are answered", () =>
    Effect.gen(function* () {
      const server = yield* echo("dropping", { concurrency: 4 })
      const hostile = yield* asking
      yield* fillQueue(hostile.client.localAddress)
      for (let i = 0; i < 74; i++) yield* hostile.ask(server.localAddress)
      const { ask, client } = yield* asking
      yield* ask(server.localAddress)
      expect((yield* client.receive).data).toEqual(Uint8Array.of(1))
      const { handlers, sent, sendDropped } = yield* server.stats
      expect([handlers.started, handlers.failed, sent + sendDropped]).toEqual([75n, 0n, 75n])
      expect(sendDropped).toBeGreaterThan(0n)
    }).pipe(Effect.provide(unixLayer))
  )

  it.scoped("block handlers for sendTimeout, if the server waits for them", () =>
    Effect.gen(function* () {
      const server = yield* echo("waiting", { concurrency: 4, sendTimeout: "1 second" })
      const hostile = yield* asking
      const filled = yield* fillQueue(hostile.client.localAddress)
      const blocked = Effect.map(server.stats, ({ handlers }) => handlers.running === 4n)
      const asked = yield* Effect.fork(Effect.replicateEffect(hostile.ask(server.localAddress), 40))
      yield* turnsUntil(blocked)
      yield* turnsUntil(Effect.sync(() => true)).pipe(Effect.repeatN(20))
      const before = yield* server.stats
      expect([before.handlers.running, before.sendDropped]).toEqual([4n, 0n])
      // Four at a time give up, one second after they began to wait.
      yield* turnsUntil(
        Effect.zipRight(
          TestClock.adjust("1 second"),
          Effect.map(server.stats, ({ handlers }) => handlers.succeeded === 40n)
        )
      )
      yield* Fiber.join(asked)
      const { sent, sendDropped } = yield* server.stats
      expect([sent, sendDropped]).toEqual([0n, 40n])
      // After it reads, it is answered as any other client.
      for (let i = 0; i < filled; i++) yield* hostile.client.receive
      yield* hostile.ask(server.localAddress)
      expect((yield* hostile.client.receive).data).toEqual(Uint8Array.of(1))
    }).pipe(Effect.provide(unixLayer))
  )

  it.scoped("block handlers without an end if sendTimeout is infinite", () =>
    Effect.gen(function* () {
      const server = yield* echo("patient", { sendTimeout: Infinity })
      const { ask, client } = yield* asking
      for (let i = 0; i < 30; i++) yield* ask(server.localAddress)
      yield* turnsUntil(Effect.map(server.stats, ({ handlers }) => handlers.started === 30n))
      yield* TestClock.adjust("1 day")
      for (let i = 0; i < 30; i++) yield* client.receive
      expect(yield* server.stats).toMatchObject({ sent: 30n, sendDropped: 0n })
    }).pipe(Effect.provide(unixLayer))
  )

  it.scopedLive("do not limit what a handler sends on another socket", () =>
    Effect.gen(function* () {
      const full = yield* Datagram.bind(Datagram.unix, { path: `\0ancillary-full-${process.pid}` })
      const other = yield* Datagram.client(Datagram.unix)
      const server = yield* serve(Datagram.unix, { path: `\0ancillary-forward-${process.pid}` }, ({ data }) =>
        other.send({ data, to: full.localAddress })
      )
      const { ask } = yield* asking
      for (let i = 0; i < 30; i++) yield* ask(server.localAddress)
      for (let i = 0; i < 30; i++) yield* full.receive
      expect((yield* other.stats).sendDropped).toBe(0n)
    }).pipe(Effect.provide(unixLayer))
  )
})

it.scopedLive("a Unix server does not answer its own path", () =>
  Effect.gen(function* () {
    const path = `\0ancillary-itself-${process.pid}`
    const server = yield* serve(Datagram.unix, { path }, ({ data, from }, socket) => socket.send({ data, to: from }))
    yield* server.send({ data: Uint8Array.of(1), to: { path } })
    const client = yield* Datagram.client(Datagram.unix)
    yield* client.send({ data: Uint8Array.of(2), to: { path } })
    expect((yield* client.receive).data).toEqual(Uint8Array.of(2))
    expect(yield* server.stats).toMatchObject({ fromItself: 1n, handlers: { started: 1n } })
  }).pipe(Effect.provide(unixLayer))
)

describe.runIf(hasIpv6())("a server bound to the wildcard has every address of its host", () => {
  it.scopedLive.each(["dual", "ipv6"] as const)("%s: each of them is its own address, and no other is", (family) =>
    Effect.gen(function* () {
      const { list } = yield* Interfaces
      const own = (yield* list)
        .filter(({ up }) => up)
        .flatMap(({ addresses }) => addresses.map(({ address }) => address))
        .filter((address) => family === "dual" || address.family === "ipv6")
      const spec = (family === "dual" ? Datagram.dual : (Datagram.ipv6 as unknown as typeof Datagram.dual)).pipe(
        withPktInfo()
      )
      const server = yield* serve(spec, { address: "::", port: 0 }, (asked, socket) =>
        Datagram.reply(socket, asked, asked.data)
      )
      const { port } = server.localAddress
      let sent = 0n
      for (const address of own) {
        // From that address to itself: the kernel chooses the source by the destination.
        yield* server.send({ data: Uint8Array.of(1), to: { address, port } })
        sent++
      }
      const client = yield* Datagram.client(Datagram.ipv6)
      yield* client.send({ data: Uint8Array.of(2), to: { address: "::1", port } })
      expect((yield* client.receive).data).toEqual(Uint8Array.of(2))
      expect(sent).toBeGreaterThan(0n)
      expect(yield* server.stats).toMatchObject({ fromItself: sent, handlers: { started: 1n } })
    }).pipe(Effect.provide(Interfaces.layer), Effect.provide(layer))
  )
})

it.scopedLive("a peer with the server's port at another address of the host is answered", () =>
  Effect.gen(function* () {
    const server = yield* serve(spec, at, ({ data, from }, socket) => socket.send({ data, to: from }))
    const { port } = server.localAddress
    const peer = yield* Datagram.bind(spec, { address: "127.0.0.2", port })
    yield* peer.send({ data: Uint8Array.of(7), to: server.localAddress })
    expect((yield* peer.receive).data).toEqual(Uint8Array.of(7))
  }).pipe(Effect.provide(layer))
)

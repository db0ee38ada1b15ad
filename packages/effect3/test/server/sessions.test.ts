/** Sessions on the network in memory: keys, inboxes, ends, eviction and migration. */
import { Datagram, serveSessions, type Session, type SessionOptions, withPktInfo } from "@ancillary/effect3"
import type { PktInfo } from "@ancillary/control"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Option, Scope, Stream } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const silent = Logger.remove(Logger.defaultLogger)
type Program = (session: Session<"ipv4", PktInfo>) => Effect.Effect<void, unknown, Scope.Scope>

const lab = (program: Program, options?: SessionOptions<"ipv4", PktInfo>) =>
  Effect.gen(function* () {
    const network = yield* NetworkSockets.network({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24", "10.0.0.3/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other)
    const on = NetworkSockets.layer(host)
    const scope = yield* Scope.make()
    // Nothing moves the clock when the test is over.
    const server = yield* serveSessions(spec, at, program, { shutdown: 0, ...options }).pipe(
      Scope.extend(scope),
      Effect.provide(on)
    )
    const client = Datagram.client(spec).pipe(Effect.provide(NetworkSockets.layer(other)))
    const close = Scope.close(scope, Exit.void)
    yield* Effect.addFinalizer(() => close)
    const settle = NetworkSockets.settle(network)
    const ask = (socket: Effect.Effect.Success<typeof client>, ...bytes: ReadonlyArray<number>) =>
      Effect.zipRight(
        Effect.forEach(bytes, (byte) => socket.send({ data: Uint8Array.of(byte), to: at }), { discard: true }),
        settle
      )
    const counts = Effect.map(server.stats, ({ sessions }) => sessions)
    const balance = Effect.map(server.stats, ({ delivered, fromItself, limits, sessions }) => {
      const { accepted, completed, evicted, failed, idle, inboxFull, refused, running, started, stopped, unkeyed } =
        sessions
      expect(started).toBe(completed + failed + idle + evicted + stopped + running)
      expect(delivered).toBe(accepted + inboxFull + refused + unkeyed + fromItself + limits.rateLimited + limits.loops)
    })
    return { network, server, client, ask, settle, close, counts, balance }
  })

describe("a session", () => {
  it.scoped("has the datagrams of one peer in their order, and answers it", () =>
    Effect.gen(function* () {
      const { ask, balance, client, counts } = yield* lab((session) =>
        Stream.runForEach(Stream.zipWithIndex(session.datagrams), ([{ data }, n]) =>
          session.send(Uint8Array.of(data[0] ?? 0, n))
        )
      )
      const [one, two] = [yield* client, yield* client]
      yield* ask(one, 10, 11)
      yield* ask(two, 20)
      yield* ask(one, 12)
      const answers = (socket: typeof one, count: number) =>
        Effect.map(Effect.replicateEffect(socket.receive, count), (all) => all.map(({ data }) => [...data]))
      expect(yield* answers(one, 3)).toEqual([
        [10, 0],
        [11, 1],
        [12, 2]
      ])
      expect(yield* answers(two, 1)).toEqual([[20, 0]])
      expect(yield* counts).toMatchObject({ started: 2n, running: 2n, accepted: 4n })
      yield* balance
    })
  )

  it.scoped("ends when its program ends or fails, releases its scope, and another one begins", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const { ask, balance, client, counts } = yield* lab((session) =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer((exit) => Effect.sync(() => void ended.push(exit._tag)))
          const { data } = yield* session.receive
          if (data[0] === 1) return yield* Effect.fail("no")
          if (data[0] === 2) throw new Error("boom")
          return undefined
        })
      )
      const socket = yield* client
      for (const byte of [1, 2, 3, 3]) yield* ask(socket, byte)
      expect(ended).toEqual(["Failure", "Failure", "Success", "Success"])
      expect(yield* counts).toMatchObject({ started: 4n, failed: 2n, completed: 2n, running: 0n })
      yield* balance
    }).pipe(Effect.provide(silent))
  )

  for (const [what, program] of Object.entries({
    throws: () => {
      throw new Error("boom")
    },
    "returns nothing": () => undefined as unknown as Effect.Effect<void>,
    dies: () => Effect.die("boom")
  } satisfies { readonly [what: string]: () => Effect.Effect<void> }))
    it.scoped(`of a program that ${what} fails alone`, () =>
      Effect.gen(function* () {
        const { ask, client, counts } = yield* lab(program)
        const socket = yield* client
        yield* ask(socket, 1)
        yield* ask(socket, 2)
        expect(yield* counts).toMatchObject({ started: 2n, failed: 2n, running: 0n })
      }).pipe(Effect.provide(silent))
    )

  it.scoped("has a bounded inbox, and what does not fit is counted", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const seen: Array<number | undefined> = []
      const { ask, balance, client, counts, settle } = yield* lab(
        (session) =>
          Effect.zipRight(
            Deferred.await(gate),
            Stream.runForEach(session.datagrams, ({ data }) => Effect.sync(() => void seen.push(data[0])))
          ),
        { inbox: 3 }
      )
      yield* ask(yield* client, 1, 2, 3, 4, 5)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      expect(seen).toEqual([1, 2, 3])
      expect(yield* counts).toMatchObject({ accepted: 3n, inboxFull: 2n })
      yield* balance
    })
  )

  it.scoped("receives within a time, and loses no datagram that comes later", () =>
    Effect.gen(function* () {
      const seen: Array<unknown> = []
      const { ask, client, network } = yield* lab((session) =>
        Effect.forever(
          Effect.flatMap(session.receiveWithin("1 second"), (got) =>
            Effect.sync(() => void seen.push(Option.getOrUndefined(Option.map(got, ({ data }) => data[0]))))
          )
        )
      )
      const socket = yield* client
      yield* ask(socket, 1)
      yield* NetworkSockets.adjust(network, "1500 millis")
      yield* ask(socket, 2)
      yield* NetworkSockets.adjust(network, "1 second")
      expect(seen).toEqual([1, undefined, 2, undefined])
    })
  )

  it.scoped("ends after its idle time, which each datagram begins anew", () =>
    Effect.gen(function* () {
      const ended: Array<string> = []
      const { ask, balance, client, counts, network } = yield* lab(
        () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push("interrupted"))),
        { idle: "10 seconds" }
      )
      const [one, two] = [yield* client, yield* client]
      yield* ask(one, 1)
      yield* ask(two, 1)
      yield* NetworkSockets.adjust(network, "6 seconds")
      yield* ask(one, 2)
      yield* NetworkSockets.adjust(network, "6 seconds")
      expect(yield* counts).toMatchObject({ idle: 1n, running: 1n })
      yield* NetworkSockets.adjust(network, "5 seconds")
      expect(yield* counts).toMatchObject({ started: 2n, idle: 2n, running: 0n })
      expect(ended).toHaveLength(2)
      yield* ask(one, 3)
      expect(yield* counts).toMatchObject({ started: 3n, running: 1n })
      yield* balance
    })
  )

  it.scoped("is evicted beyond the maximum: the longest idle, validated ones last", () =>
    Effect.gen(function* () {
      const ended: Array<number> = []
      const { ask, balance, client, counts } = yield* lab(
        (session) =>
          Effect.gen(function* () {
            const { data } = yield* session.receive
            if (data[0] === 1) yield* session.validate
            yield* Effect.onInterrupt(Effect.never, () => Effect.sync(() => void ended.push(data[0] ?? 0)))
          }),
        { maximum: 3 }
      )
      for (const byte of [1, 2, 3, 4, 5]) yield* ask(yield* client, byte)
      expect(ended).toEqual([2, 3])
      expect(yield* counts).toMatchObject({ started: 5n, evicted: 2n, running: 3n })
      yield* balance
    })
  )

  it.scoped("that does not end when it is evicted keeps the number of fibers bounded", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { ask, balance, client, counts, settle } = yield* lab(() => Effect.uninterruptible(Deferred.await(gate)), {
        maximum: 2
      })
      for (const byte of [1, 2, 3, 4, 5, 6]) yield* ask(yield* client, byte)
      expect(yield* counts).toMatchObject({ started: 4n, evicted: 0n, running: 4n, refused: 2n })
      yield* balance
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* balance
    })
  )
})

it.scoped("migrate refuses a value that is no datagram, and the path stays", () =>
  Effect.gen(function* () {
    const wrong = [
      undefined,
      null,
      {},
      { from: "me" },
      new Proxy({}, { getPrototypeOf: () => Effect.runSync(Effect.die("trap")) })
    ]
    const seen: Array<boolean> = []
    const { ask, client } = yield* lab((session) =>
      Effect.gen(function* () {
        yield* session.receive
        for (const value of wrong) seen.push(Exit.isFailure(yield* Effect.exit(session.migrate(value as never))))
        yield* session.validate
        yield* session.send(Uint8Array.of(7))
      })
    )
    const socket = yield* client
    yield* ask(socket, 1)
    expect(seen).toEqual(wrong.map(() => true))
    expect((yield* socket.receive).data[0]).toBe(7)
  })
)

it.scoped("a fiber that waits for a datagram is interrupted when its session ends", () =>
  Effect.gen(function* () {
    const waiting: Array<Fiber.RuntimeFiber<unknown>> = []
    const { ask, client, counts } = yield* lab((session) =>
      Effect.gen(function* () {
        yield* session.receive
        for (const wait of [session.receive, session.receiveWithin("1 hour"), Stream.runDrain(session.datagrams)])
          waiting.push(yield* Effect.forkDaemon(wait))
        yield* Effect.yieldNow()
      })
    )
    yield* ask(yield* client, 1)
    expect(yield* counts).toMatchObject({ completed: 1n, running: 0n })
    const exits = yield* Effect.forEach(waiting, (fiber) => Effect.sync(() => fiber.unsafePoll()))
    expect(exits.map((exit) => exit !== null && Exit.isInterrupted(exit))).toEqual([true, true, true])
  })
)

describe("a key from the bytes", () => {
  const key = ({ data }: { readonly data: Uint8Array }) => (data[0] === 0 ? undefined : data.subarray(0, 1))

  it.scoped("keeps the session if the peer has another address, until migrate accepts it", () =>
    Effect.gen(function* () {
      const { ask, client, counts } = yield* lab(
        (session) =>
          Stream.runForEach(session.datagrams, (datagram) =>
            Effect.gen(function* () {
              // 9 stands for a datagram whose authenticity was checked.
              if (datagram.data[1] === 9) yield* session.migrate(datagram)
              yield* session.send(Uint8Array.of(1))
            })
          ),
        { key }
      )
      const [home, away] = [yield* client, yield* client]
      const send = (socket: typeof home, ...bytes: ReadonlyArray<number>) =>
        Effect.zipRight(socket.send({ data: Uint8Array.from(bytes), to: at }), ask(home))
      const count = (socket: typeof home) =>
        Effect.map(
          Effect.iterate([0, true] as readonly [number, boolean], {
            while: ([, more]) => more,
            body: ([n]) =>
              Effect.map(
                socket.receiveWithin(0),
                (got) => [Option.isSome(got) ? n + 1 : n, Option.isSome(got)] as const
              )
          }),
          ([n]) => n
        )
      yield* send(home, 5, 1)
      yield* send(away, 5, 1)
      expect([yield* count(home), yield* count(away)]).toEqual([2, 0])
      yield* send(away, 5, 9)
      yield* send(home, 5, 1)
      expect([yield* count(home), yield* count(away)]).toEqual([0, 2])
      expect(yield* counts).toMatchObject({ started: 1n, accepted: 4n })
    })
  )

  it.scoped("that is missing, invalid or thrown drops the datagram, and is counted", () =>
    Effect.gen(function* () {
      const wrong: ReadonlyArray<() => unknown> = [
        () => undefined,
        () => null,
        () => ({}),
        () => Symbol("key"),
        () => Promise.reject(new Error("boom")),
        () => {
          throw new Error("boom")
        }
      ]
      const { ask, balance, client, counts } = yield* lab(() => Effect.never, {
        key: ({ data }) => wrong[data[0] ?? 0]?.() as string | undefined
      })
      yield* ask(yield* client, 0, 1, 2, 3, 4, 5)
      expect(yield* counts).toMatchObject({ started: 0n, unkeyed: 6n })
      yield* balance
    })
  )
})

describe("a stop", () => {
  it.scoped("ends sessions that wait at once, and gives the others their time", () =>
    Effect.gen(function* () {
      const reports: Array<unknown> = []
      const { ask, balance, client, close, counts, network } = yield* lab(
        (session) =>
          Effect.gen(function* () {
            const { data } = yield* session.receive
            if (data[0] === 1) return yield* Effect.sleep("1 second")
            if (data[0] === 2) return yield* Effect.never
            return yield* Effect.asVoid(session.receive)
          }),
        { shutdown: "2 seconds", onStop: (report) => Effect.sync(() => void reports.push(report)) }
      )
      for (const byte of [1, 2, 3, 3]) yield* ask(yield* client, byte)
      const closing = yield* Effect.fork(close)
      yield* NetworkSockets.adjust(network, "10 seconds")
      yield* Fiber.join(closing)
      expect(reports).toEqual([{ finished: 3, interrupted: 1, abandoned: 0 }])
      expect(yield* counts).toMatchObject({ started: 4n, completed: 1n, stopped: 3n, running: 0n })
      yield* balance
    }).pipe(Effect.provide(silent))
  )

  it.scoped("ends although onStop cannot be interrupted and never ends", () =>
    Effect.gen(function* () {
      const { close, network } = yield* lab(() => Effect.never, { onStop: () => Effect.uninterruptible(Effect.never) })
      const closing = yield* Effect.fork(close)
      yield* NetworkSockets.adjust(network, "10 seconds")
      yield* Fiber.join(closing)
    })
  )
})

/** Sessions on the network in memory. */
import {
  Datagram,
  DatagramSockets,
  serveSessions,
  type Session,
  type SessionOptions,
  withPktInfo
} from "@ancillary/effect"
import type { PktInfo } from "@ancillary/control"
import { Network } from "@ancillary/testing"
import { Effect, Exit, Fiber, Logger, Option, Scope, Stream } from "effect"
import { expect, it } from "vitest"
import { until } from "../kit.ts"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "10.0.0.1", port: 7 }
const quiet = Effect.provide(Logger.layer([]))
type Program = (session: Session<"ipv4", PktInfo>) => Effect.Effect<void, unknown, Scope.Scope>

const lab = (program: Program, options?: SessionOptions<"ipv4", PktInfo>) =>
  Effect.gen(function* () {
    const network = Network.make({ seed: 1 })
    const host = network.host("server", { addresses: ["10.0.0.1/24"] })
    const other = network.host("client", { addresses: ["10.0.0.2/24"] })
    network.link(host, other)
    const on = (each: Network.Host) => DatagramSockets.layer(Effect.succeed(each.driver), Network.capabilities)
    const scope = yield* Scope.make()
    const server = yield* serveSessions(spec, at, program, { shutdown: 0, ...options }).pipe(
      Scope.provide(scope),
      Effect.provide(on(host))
    )
    const close = Scope.close(scope, Exit.void)
    yield* Effect.addFinalizer(() => close)
    const client = Datagram.client(spec).pipe(Effect.provide(on(other)))
    const sessions = Effect.map(server.stats, ({ sessions }) => sessions)
    const reached = (done: (counts: Effect.Success<typeof sessions>) => boolean) => until(Effect.map(sessions, done))
    return { client, close, sessions, reached }
  })
const run = <A, E>(program: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(program.pipe(Effect.scoped, quiet))
const send =
  (socket: { readonly send: (message: { data: Uint8Array; to: typeof at }) => Effect.Effect<void, unknown> }) =>
  (byte: number) =>
    socket.send({ data: Uint8Array.of(byte), to: at })

it("a session has the datagrams of one peer in their order, and answers it", () =>
  run(
    Effect.gen(function* () {
      const { client, sessions } = yield* lab((session) =>
        Stream.runForEach(Stream.zipWithIndex(session.datagrams), ([{ data }, n]) =>
          session.send(Uint8Array.of(data[0] ?? 0, n))
        )
      )
      const [one, two] = [yield* client, yield* client]
      for (const byte of [10, 11]) yield* send(one)(byte)
      yield* send(two)(20)
      expect([[...(yield* one.receive).data], [...(yield* one.receive).data]]).toEqual([
        [10, 0],
        [11, 1]
      ])
      expect([...(yield* two.receive).data]).toEqual([20, 0])
      expect(yield* sessions).toMatchObject({ started: 2n, running: 2n, accepted: 3n })
    })
  ))

it("a session whose program ends or fails is counted, and another one begins", () =>
  run(
    Effect.gen(function* () {
      const ended: Array<string> = []
      const { client, reached } = yield* lab((session) =>
        Effect.gen(function* () {
          yield* Effect.addFinalizer((exit) => Effect.sync(() => void ended.push(exit._tag)))
          const { data } = yield* session.receive
          if (data[0] === 1) return yield* Effect.fail("no")
          if (data[0] === 2) throw new Error("boom")
          return undefined
        })
      )
      const socket = yield* client
      for (const [index, byte] of [1, 2, 3].entries()) {
        yield* send(socket)(byte)
        yield* reached(({ completed, failed }) => completed + failed === BigInt(index + 1))
      }
      expect(ended).toEqual(["Failure", "Failure", "Success"])
    })
  ))

it("a session ends when it is idle, evicted, or stopped, and each end is counted", () =>
  run(
    Effect.gen(function* () {
      const { client, close, reached, sessions } = yield* lab(
        (session) =>
          Effect.gen(function* () {
            const { data } = yield* session.receive
            if (data[0] === 1) yield* session.validate
            yield* session.receive
          }),
        { maximum: 2, idle: "1 minute" }
      )
      for (const byte of [1, 2, 3]) {
        yield* send(yield* client)(byte)
        yield* reached(({ started }) => started === BigInt(byte))
      }
      yield* reached(({ evicted }) => evicted === 1n)
      yield* close
      expect(yield* sessions).toMatchObject({ started: 3n, evicted: 1n, stopped: 2n, running: 0n })
    })
  ))

it("a session that receives nothing for its idle time ends", () =>
  run(
    Effect.gen(function* () {
      const { client, reached } = yield* lab(() => Effect.never, { idle: "20 millis" })
      yield* send(yield* client)(1)
      yield* reached(({ idle, running }) => idle === 1n && running === 0n)
    })
  ))

it("a session with a key from the bytes has another peer only after migrate", () =>
  run(
    Effect.gen(function* () {
      const { client, reached } = yield* lab(
        (session) =>
          Effect.gen(function* () {
            yield* session.receive
            const second = yield* session.receive
            yield* session.send(Uint8Array.of(1))
            yield* session.migrate(second)
            yield* session.send(Uint8Array.of(2))
            expect((yield* session.peer).equals(second.from)).toBe(true)
          }),
        { key: ({ data }) => data.subarray(0, 1) }
      )
      const [home, away] = [yield* client, yield* client]
      yield* send(home)(5)
      yield* reached(({ accepted }) => accepted === 1n)
      yield* send(away)(5)
      expect([(yield* home.receive).data[0], (yield* away.receive).data[0]]).toEqual([1, 2])
      yield* reached(({ completed }) => completed === 1n)
    })
  ))

it("receiveWithin returns None after its time, and loses no later datagram", () =>
  run(
    Effect.gen(function* () {
      const seen: Array<number | undefined> = []
      const { client, reached } = yield* lab((session) =>
        Effect.gen(function* () {
          yield* session.receive
          while (seen.at(-1) === undefined)
            seen.push(
              Option.getOrUndefined(Option.map(yield* session.receiveWithin("5 millis"), ({ data }) => data[0]))
            )
        })
      )
      const socket = yield* client
      yield* send(socket)(1)
      yield* until(Effect.sync(() => seen.length > 2))
      yield* send(socket)(2)
      yield* reached(({ completed }) => completed === 1n)
      expect(seen.at(-1)).toBe(2)
    })
  ))

it("a fiber that waits for a datagram is interrupted when its session ends", () =>
  run(
    Effect.gen(function* () {
      const waiting: Array<Fiber.Fiber<unknown>> = []
      const { client, reached } = yield* lab((session) =>
        Effect.gen(function* () {
          yield* session.receive
          for (const wait of [session.receive, session.receiveWithin("1 hour"), Stream.runDrain(session.datagrams)])
            waiting.push(yield* Effect.forkDetach(wait, { startImmediately: true }))
        })
      )
      yield* send(yield* client)(1)
      yield* reached(({ completed }) => completed === 1n)
      for (const fiber of waiting) expect(Exit.hasInterrupts(yield* Fiber.await(fiber))).toBe(true)
      expect(waiting).toHaveLength(3)
    })
  ))

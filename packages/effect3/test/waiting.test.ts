/** Waits of readers: each fiber parks on an object that later waits use again, so none may be given to two fibers or be lost. */
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, type DatagramSocket } from "@ancillary/effect3"
import { parking } from "../src/internal/parked.ts"
import { engineSocketOf } from "../src/internal/sockets.ts"
import { Effect, Exit, Fiber, FiberId, FiberStatus, type Scope } from "effect"
import { describe, expect, it } from "vitest"

const loopback = { address: "127.0.0.1", port: 0 } as const
type Socket = DatagramSocket<"ipv4", never>

const run = <A>(use: (server: Socket, client: Socket) => Effect.Effect<A, unknown, Scope.Scope>): Promise<A> =>
  Effect.gen(function* () {
    return yield* use(yield* Datagram.bind(Datagram.ipv4, loopback), yield* Datagram.bind(Datagram.ipv4, loopback))
  }).pipe(Effect.scoped, Effect.provide(NodeSockets.layer), Effect.runPromise)

/** Waits until a fiber has parked. */
const parked = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Effect.Effect<void> =>
  Effect.repeat(Fiber.status(fiber), { until: FiberStatus.isSuspended }).pipe(Effect.zipRight(Effect.yieldNow()))

const send = (from: Socket, to: Socket, byte: number) => from.send({ to: to.localAddress, data: Uint8Array.of(byte) })

const first = ({ data }: { readonly data: Uint8Array }) => data[0]

describe("readers that share one effect", () => {
  it("wait at the same time and get one datagram each", () =>
    run((server, client) =>
      Effect.gen(function* () {
        const readers = yield* Effect.replicateEffect(Effect.fork(server.receive), 3)
        for (const reader of readers) yield* parked(reader)
        for (const byte of [1, 2, 3]) yield* send(client, server, byte)
        const got = yield* Effect.forEach(readers, Fiber.join)
        expect(new Set(got.map(first))).toEqual(new Set([1, 2, 3]))
        // A wait is free again, and only one of the two may use it.
        const again = yield* Effect.replicateEffect(Effect.fork(server.receive), 2)
        for (const reader of again) yield* parked(reader)
        for (const byte of [4, 5]) yield* send(client, server, byte)
        expect(new Set((yield* Effect.forEach(again, Fiber.join)).map(first))).toEqual(new Set([4, 5]))
      })
    ))

  it("leave nothing when they are interrupted, and the next one gets the datagram", () =>
    run((server, client) =>
      Effect.gen(function* () {
        const one = yield* Effect.fork(server.receive)
        yield* parked(one)
        const two = yield* Effect.fork(server.receive)
        yield* parked(two)
        expect(Exit.isInterrupted(yield* Fiber.interrupt(one))).toBe(true)
        yield* Fiber.interrupt(two)
        // Nothing waits, so the socket does not keep the process running.
        expect(engineSocketOf(server)?.waiters.reading).toBe(false)
        const three = yield* Effect.fork(server.receive)
        yield* parked(three)
        yield* send(client, server, 1)
        expect(first(yield* Fiber.join(three))).toBe(1)
      })
    ))
})

describe("a reader that waits", () => {
  it("waits on if it is interrupted where it may not be, and then gets its datagram", () =>
    run((server, client) =>
      Effect.gen(function* () {
        const got: Array<number | undefined> = []
        const receive = Effect.map(server.receive, (datagram) => void got.push(first(datagram)))
        const reader = yield* Effect.fork(Effect.uninterruptible(receive))
        yield* parked(reader)
        const interruption = yield* Effect.fork(Fiber.interrupt(reader))
        yield* Effect.yieldNow()
        yield* send(client, server, 1)
        yield* Fiber.join(interruption)
        expect(got).toEqual([1])
      })
    ))

  it("fails with Closed when its socket is closed", () =>
    run((_, client) =>
      Effect.gen(function* () {
        const reader = yield* Effect.scoped(
          Effect.gen(function* () {
            const reader = yield* Effect.forkDaemon(
              Effect.flip((yield* Datagram.bind(Datagram.ipv4, loopback)).receive)
            )
            yield* parked(reader)
            return reader
          })
        ).pipe(Effect.provide(NodeSockets.layer))
        expect(yield* Fiber.join(reader)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
        expect(client.localAddress.port).toBeGreaterThan(0)
      })
    ))

  it("waits by Effect.async if its fiber parks in another way", () =>
    run((server, client) =>
      Effect.gen(function* () {
        const core = engineSocketOf(server)
        if (core === undefined) throw new Error("The socket has no socket of the engine.")
        const wait = parking(core, () => Effect.succeed("woken"))
        // A fiber without the function that an interruption calls.
        const other: Pick<Fiber.RuntimeFiber<unknown, unknown>, "id"> = {
          id: () => FiberId.make(0, 0) as FiberId.Runtime
        }
        const waiting = yield* Effect.fork(wait(other as Fiber.RuntimeFiber<unknown, unknown>))
        yield* parked(waiting)
        yield* send(client, server, 1)
        expect(yield* Fiber.join(waiting)).toBe("woken")
        const interrupted = yield* Effect.fork(wait(other as Fiber.RuntimeFiber<unknown, unknown>))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(interrupted)
        expect(first(yield* server.receive)).toBe(1)
      })
    ))
})

import type { Arena } from "@ancillary/engine/driver/Arena"
import { type Driver, isFault } from "@ancillary/engine/driver/Driver"
import { Datagram, DatagramSockets, withHopLimit, withMaximumDatagramSize, withPktInfo } from "@ancillary/effect3"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Effect, Exit, Fiber, Scope, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { collect, epollRegistrations, openDescriptors, pollHandles, turn } from "./process.ts"
import { type Random, seeded } from "./random.ts"

const specs = [
  Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withMaximumDatagramSize(2048)),
  Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withMaximumDatagramSize(512)),
  Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
]
const bind = (random: Random) => Datagram.bind(random.pick(specs), { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<ReturnType<typeof bind>>

/** Every way to wait for something to read. */
const reads: ReadonlyArray<(socket: Socket) => Effect.Effect<unknown, unknown>> = [
  (socket) => socket.receive,
  (socket) => socket.receiveWithin("1 minute"),
  (socket) => socket.receiveBatch,
  (socket) => Stream.runDrain(socket.datagrams),
  (socket) => Stream.runDrain(socket.outcomes),
  (socket) => socket.forEach(() => {}),
  (socket) => Effect.zipRight(Effect.fork(socket.receive), socket.receiveBatch),
  (socket) => Effect.forever(socket.receive)
]

/** Counts of the cases in a run, so that a run without a case fails. */
const tally = () => ({ cycles: 0, unopened: 0, openedOnly: 0, bound: 0, closed: 0, interrupted: 0, succeeded: 0 })

/** The driver with a record of its opened and closed sockets, and of those that are still referenced. */
const watched = (driver: Driver) => {
  let sockets: Array<WeakRef<object>> = []
  let arenas: Array<WeakRef<Arena>> = []
  const alive = <A extends WeakRef<object>>(refs: Array<A>) => refs.filter((ref) => ref.deref() !== undefined)
  const books = {
    opened: 0,
    closed: 0,
    forget: () => {
      sockets = alive(sockets)
      arenas = alive(arenas)
    },
    referenced: () => ({ sockets: alive(sockets).length, arenas: alive(arenas).length })
  }
  const layer = DatagramSockets.layer(
    Effect.succeed({
      ...driver,
      arena: (layout) => {
        const arena = driver.arena(layout)
        arenas.push(new WeakRef(arena))
        return arena
      },
      open: (kind) => {
        const socket = driver.open(kind)
        if (isFault(socket)) return socket
        books.opened++
        const close = () => {
          books.closed++
          return socket.close()
        }
        const native = { ...socket, close }
        sockets.push(new WeakRef(native))
        return native
      }
    } satisfies Driver),
    []
  )
  return { books, layer }
}

const yields = (times: number) => Effect.yieldNow().pipe(Effect.repeatN(times))
const loopTurn = Effect.promise(turn)

/** Binds, reads, and is stopped at some point: while it binds, while it waits, or while a datagram arrives. */
const cycle = (random: Random, seen: ReturnType<typeof tally>, opened: () => number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const before = opened()
    let bound = false
    const read = random.pick(reads)
    const talks = random.chance(0.4)
    const program = Effect.gen(function* () {
      const socket = yield* bind(random)
      bound = true
      if (talks) yield* socket.send({ data: new Uint8Array(8), to: socket.localAddress })
      yield* read(socket)
    })
    // Few operations per turn, so that the fiber also yields and is stopped inside of `bind`.
    const fiber = yield* Effect.fork(
      Scope.extend(program, scope).pipe(Effect.withMaxOpsBeforeYield(random.below(40) + 12))
    )
    yield* yields(random.below(8))
    if (random.chance(0.3)) yield* loopTurn
    seen.cycles++
    if (opened() === before) seen.unopened++
    else if (!bound) seen.openedOnly++
    else seen.bound++
    const stop = Fiber.interrupt(fiber)
    const close = Scope.close(scope, Exit.void)
    const way = random.below(4)
    if (way === 0) yield* Effect.zipRight(stop, close)
    // A socket that is bound in a closed scope is closed immediately.
    if (way === 1) yield* Effect.zipRight(close, stop)
    if (way === 2) yield* Effect.all([close, stop], { concurrency: "unbounded" })
    if (way === 3) yield* Effect.zipRight(Fiber.interruptFork(fiber), close)
    const exit = yield* Fiber.await(fiber)
    if (Exit.isSuccess(exit)) seen.succeeded++
    else if (Exit.isInterrupted(exit)) seen.interrupted++
    else seen.closed++
  })

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

describe("2,000 cycles of binding, reading and being stopped at any point", () => {
  it("leave descriptors, poll handles and memory unchanged", async () => {
    const random = seeded(9)
    const driver = await Effect.runPromise(LinuxSockets.driver())
    const { books, layer } = watched(driver)
    const seen = tally()
    const run = (cycles: number) =>
      Effect.runPromise(
        Effect.repeatN(
          Effect.suspend(() => cycle(random, seen, () => books.opened)),
          cycles - 1
        ).pipe(Effect.provide(layer))
      )

    // At first compiled code grows, which levels off after some thousand cycles.
    await run(3_000)
    books.forget()
    await collect()
    const start = { descriptors: openDescriptors(), registrations: epollRegistrations(), polls: pollHandles() }
    const heap: Array<number> = []
    for (let window = 0; window < 20; window++) {
      await run(100)
      await turn()
      // Before a collection, because a handle's finalizer also closes it, and would hide a missing close.
      expect(pollHandles()).toEqual({ all: 0, active: 0 })
      await collect()
      // The records of the test would be a leak of their own.
      books.forget()
      heap.push(process.memoryUsage().heapUsed)
    }

    expect({ descriptors: openDescriptors(), registrations: epollRegistrations(), polls: pollHandles() }).toEqual(start)
    expect(start.polls).toEqual({ all: 0, active: 0 })
    expect(books.closed).toBe(books.opened)
    // Finalizers of native objects run in later turns of the event loop, depending on the load. So the test collects until none is left.
    for (let tries = 0; tries < 50 && books.referenced().sockets > 0; tries++) await collect()
    expect(books.referenced()).toEqual({ sockets: 0, arenas: 0 })
    // Between the figures are a thousand cycles. A socket kept by each would be 5 MB, a waiter or a datagram 500 kB or more.
    const [early, late] = [median(heap.slice(5, 10)), median(heap.slice(15))]
    expect(late - early).toBeLessThan(500_000)
    // Every way of stopping occurred.
    expect(seen.cycles).toBe(5_000)
    for (const [what, times] of Object.entries(seen)) expect([what, times > 0]).toEqual([what, true])
  })
})

/** Datagrams that a `forEach` puts back while other readers wait. The event loop does not report them, so it wakes no reader. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withMaximumDatagramSize } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Exit, Fiber, FiberId, Option, type Scope } from "effect"
import { polledEvents, referencedPolls, turn } from "./process.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const bind = Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(16)), { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>
type Reader = Fiber.RuntimeFiber<unknown, unknown>

const turns = Effect.promise(turn).pipe(Effect.repeatN(5))

/** A loop that waits first and throws at its first datagram, and readers that wait after it. */
const behindALoop = (readers: number, before: (first: Reader | undefined) => void = () => {}) =>
  Effect.gen(function* () {
    const [socket, sender] = [yield* bind, yield* bind]
    const waiting: Array<Reader> = []
    const boom = () => {
      before(waiting[0])
      throw new Error("boom")
    }
    const loop = yield* Effect.fork(Effect.exit(socket.forEach(boom)))
    yield* turns
    for (let i = 0; i < readers; i++) waiting.push(yield* Effect.fork(socket.receive))
    yield* turns
    return { socket, sender, loop, waiting }
  })

const sendAll = (from: Socket, to: Socket, count: number) =>
  Effect.forEach(
    Array.from({ length: count }, (_, i) => Uint8Array.of(i)),
    (data) => from.send({ data, to: to.localAddress })
  )

const within = <A, E>(effect: Effect.Effect<A, E>) => Effect.timeoutOption(effect, "2 seconds")
const live = (name: string, body: Effect.Effect<void, unknown, DatagramSockets | Scope.Scope>) =>
  it.scopedLive(name, () => body.pipe(Effect.provide(layer)))

live(
  "every reader that waits gets its part of what a loop gave back",
  Effect.gen(function* () {
    const { loop, sender, socket, waiting } = yield* behindALoop(3)
    yield* sendAll(sender, socket, 4)
    expect(Exit.isSuccess(yield* Fiber.join(loop))).toBe(false)
    const seen = yield* within(Effect.forEach(waiting, (reader) => Fiber.await(reader)))
    expect(Option.map(seen, (exits) => exits.map(Exit.isSuccess))).toEqual(Option.some([true, true, true]))
    expect(yield* socket.stats).toMatchObject({ dequeued: 4n, delivered: 4n, putBack: 0n })
  })
)

live(
  "a reader that was woken for it and interrupted leaves it to the others",
  Effect.gen(function* () {
    // Interrupted just before it is woken, so its fiber sees both in this order.
    const { sender, socket, waiting } = yield* behindALoop(2, (first) => first?.unsafeInterruptAsFork(FiberId.none))
    yield* sendAll(sender, socket, 2)
    const exits = yield* within(Effect.forEach(waiting, (reader) => Fiber.await(reader)))
    expect(Option.map(exits, (all) => all.map(Exit.isSuccess))).toEqual(Option.some([false, true]))
    expect(yield* socket.stats).toMatchObject({ dequeued: 2n, delivered: 2n, putBack: 0n })
  })
)

live(
  "a loop that waits gets what another gave back",
  Effect.gen(function* () {
    const { sender, socket } = yield* behindALoop(0)
    const seen: Array<number | undefined> = []
    yield* Effect.fork(socket.forEach(({ data }) => void seen.push(data[0])))
    yield* turns
    yield* sendAll(sender, socket, 4)
    yield* within(Effect.repeat(Effect.promise(turn), { until: () => seen.length === 3 }))
    expect(seen).toEqual([1, 2, 3])
  })
)

live(
  "readers that were interrupted leave nothing behind: the first report to nobody is the last",
  Effect.gen(function* () {
    const [socket, sender] = [yield* bind, yield* bind]
    for (let i = 0; i < 200; i++) {
      const reader = yield* Effect.fork(i % 2 === 0 ? socket.receive : socket.forEach(() => {}))
      yield* Effect.yieldNow().pipe(Effect.repeatN(3))
      yield* Fiber.interrupt(reader)
    }
    yield* sendAll(sender, socket, 2)
    yield* turns
    // EPOLLET, and EPOLLERR and EPOLLHUP, which are always set: no datagram is reported any more, and the process can end.
    expect(polledEvents(yield* socket.descriptor)).toEqual([0x80000018])
    expect(referencedPolls()).toBe(0)
    expect((yield* socket.stats).dequeued).toBe(0n)
    expect((yield* socket.receive).data).toEqual(Uint8Array.of(0))
  })
)

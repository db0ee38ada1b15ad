/** The fault wrapper's verdicts. A test can lose, delay, duplicate or reorder a datagram, or forge an ICMP error. */
import { Datagram, DatagramSockets, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Option, Stream } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
const spec = Datagram.ipv4.pipe(withPktInfo())

export const verdicts = ({ driver, facts, over }: Bench): void => {
  const pair = Effect.all([Datagram.bind(spec, at), Datagram.client(Datagram.ipv4)])
  type Receiver = Effect.Effect.Success<typeof pair>[0]
  const first = (socket: Receiver, count: number) =>
    Effect.map(Effect.replicateEffect(socket.receive, count), (all) => all.map(({ data }) => data[0] ?? -1))
  const messages = (socket: Receiver, count: number) =>
    Array.from({ length: count }, (_, i) => ({ data: Uint8Array.of(i), to: socket.localAddress }))
  const isEmpty = (socket: Receiver) => Effect.map(socket.receiveWithin(0), Option.isNone)
  const every = (count: number) => Array.from({ length: count }, (_, i) => i)

  describe("verdicts on sent datagrams", () => {
    it.scopedLive("lose: the send succeeds, and the datagram does not arrive", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        expect(yield* sender.sendAll(messages(socket, 150))).toEqual({ sent: 150, dropped: 0, failed: [] })
        for (const message of messages(socket, 3)) yield* sender.send(message)
        const kept = every(153).filter((i) => i % 3 !== 2)
        expect(yield* first(socket, kept.length)).toEqual(kept.map((i) => (i < 150 ? i : i - 150)))
        expect(yield* isEmpty(socket)).toBe(true)
        expect(yield* sender.stats).toMatchObject({ sent: 153n })
      }).pipe(Effect.provide(over({ decideSend: (_, i) => (i % 3 === 2 ? FaultyDriver.lose : undefined) })))
    )

    it.scopedLive("duplicate: it arrives the given number of times", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.sendAll(messages(socket, 4))
        expect(yield* first(socket, 6)).toEqual([0, 1, 1, 1, 2, 3])
        expect(yield* isEmpty(socket)).toBe(true)
      }).pipe(Effect.provide(over({ decideSend: (_, i) => (i === 1 ? FaultyDriver.duplicate(3) : undefined) })))
    )

    it.scopedLive("reorder: it arrives after the given number of others, in any calls", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.sendAll(messages(socket, 4))
        expect(yield* first(socket, 4)).toEqual([1, 2, 0, 3])
      }).pipe(Effect.provide(over({ decideSend: (_, i) => (i === 0 ? FaultyDriver.reorder(2) : undefined) })))
    )

    it.scopedLive("delay: the send succeeds first, and the datagram arrives unchanged", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.send({ data: new Uint8Array(20_000).fill(7), to: socket.localAddress })
        yield* sender.send({ data: bytes("second"), to: socket.localAddress })
        expect((yield* socket.receive).data).toEqual(bytes("second"))
        const late = yield* socket.receive
        expect(late.data).toEqual(new Uint8Array(20_000).fill(7))
        expect(late.from.toString()).toBe(`127.0.0.1:${sender.localAddress.port}`)
      }).pipe(Effect.provide(over({ decideSend: (_, i) => (i === 0 ? FaultyDriver.delay(20) : undefined) })))
    )

    it.scopedLive("a delayed datagram is lost if its socket closes", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(spec, at)
        yield* Effect.scoped(
          Effect.flatMap(Datagram.client(Datagram.ipv4), (sender) => sender.sendAll(messages(socket, 1)))
        )
        yield* Effect.sleep("5 millis")
        expect(yield* isEmpty(socket)).toBe(true)
      }).pipe(Effect.provide(over({ decideSend: () => FaultyDriver.delay(1) })))
    )

    it.scopedLive("wouldBlock and refuse: the sender gets the result, and others are sent once", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        const { failed, sent } = yield* sender.sendAll(messages(socket, 8))
        expect([sent, failed.map(({ error, index }) => [index, error.code])]).toEqual([7, [[5, "EPERM"]]])
        expect(yield* first(socket, 7)).toEqual([0, 1, 2, 3, 4, 6, 7])
      }).pipe(
        Effect.provide(
          over({
            decideSend: ({ data }, i) =>
              i === 2
                ? FaultyDriver.wouldBlock
                : data[0] === 5
                  ? FaultyDriver.refuse({ syscall: facts.syscalls.send, code: "EPERM", errno: 1 })
                  : undefined
          })
        )
      )
    )

    it.scopedLive("each datagram is decided once, however often the kernel has no room", () => {
      let full = 0
      const seen: Array<number> = []
      // The inner wrapper is a kernel whose send buffer is full at some attempts.
      const layer = DatagramSockets.layer(
        Effect.map(driver, (driver) =>
          FaultyDriver.wrap(FaultyDriver.wrap(driver, { onSend: () => (++full % 5 === 4 ? 0 : undefined) }), {
            decideSend: ({ data }) => {
              seen.push(data[0] ?? -1)
              return (data[0] ?? 0) % 4 === 3 ? FaultyDriver.lose : undefined
            }
          })
        ),
        []
      )
      return Effect.gen(function* () {
        const [socket, sender] = yield* pair
        expect(yield* sender.sendAll(messages(socket, 100))).toEqual({ sent: 100, dropped: 0, failed: [] })
        const kept = every(100).filter((i) => i % 4 !== 3)
        expect(yield* first(socket, kept.length)).toEqual(kept)
        expect(seen).toEqual(every(100))
      }).pipe(Effect.provide(layer))
    })

    it.scopedLive("an invalid verdict is a defect that names the function", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        const exit = yield* Effect.exit(sender.sendAll(messages(socket, 1)))
        expect(Exit.isFailure(exit) && String(exit.cause)).toMatch(/decideSend returned 0: return nothing to deliver/)
      }).pipe(Effect.provide(over({ decideSend: (() => 0) as never })))
    )
  })

  describe("verdicts on received datagrams", () => {
    it.scopedLive("lose: the reader waits for the next one", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        const reading = yield* Effect.fork(first(socket, 2))
        yield* sender.sendAll(messages(socket, 4))
        expect(yield* Fiber.join(reading)).toEqual([1, 3])
        expect(yield* isEmpty(socket)).toBe(true)
        expect(yield* socket.stats).toMatchObject({ dequeued: 2n, delivered: 2n })
      }).pipe(Effect.provide(over({ decideReceive: (_, i) => (i % 2 === 0 ? FaultyDriver.lose : undefined) })))
    )

    it.scopedLive("duplicate and reorder: each copy is whole, its control data too", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.sendAll(messages(socket, 4))
        const streamed = yield* Stream.runCollect(Stream.take(socket.datagrams, 5))
        const seen = Chunk.toReadonlyArray(streamed)
        expect(seen.map(({ data }) => data[0])).toEqual([1, 0, 2, 2, 3])
        for (const { control, from } of seen) {
          expect(from.port).toBe(sender.localAddress.port)
          expect(`${control.pktInfo.destination}`).toBe("127.0.0.1")
        }
      }).pipe(
        Effect.provide(
          over({
            decideReceive: (_, i) => (i === 0 ? FaultyDriver.reorder() : i === 2 ? FaultyDriver.duplicate() : undefined)
          })
        )
      )
    )

    it.scopedLive("delay: a waiting reader is woken by it although the kernel's queue is empty", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.sendAll(messages(socket, 2))
        expect(yield* first(socket, 2)).toEqual([0, 1])
      }).pipe(Effect.provide(over({ decideReceive: () => FaultyDriver.delay(2) })))
    )

    it.scopedLive("a peek shows the datagram that the next read returns", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.sendAll(messages(socket, 3))
        // Loopback: both have arrived when the first has.
        expect((yield* socket.peek).data[0]).toBe(1)
        expect(yield* first(socket, 2)).toEqual([1, 2])
      }).pipe(Effect.provide(over({ decideReceive: (_, i) => (i === 0 ? FaultyDriver.lose : undefined) })))
    )

    it.scopedLive("a datagram that does not fit is cut, as by the kernel", () =>
      Effect.gen(function* () {
        const [socket, sender] = yield* pair
        yield* sender.send({ data: new Uint8Array(65_000).fill(3), to: socket.localAddress })
        const small = yield* Datagram.bind(Datagram.ipv4, at)
        yield* sender.send({ data: new Uint8Array(65_000).fill(4), to: small.localAddress })
        expect((yield* socket.receive).data).toEqual(new Uint8Array(65_000).fill(3))
        expect((yield* small.receive).data).toEqual(new Uint8Array(65_000).fill(4))
      }).pipe(Effect.provide(over({ decideReceive: () => undefined })))
    )
  })

  describe("a forged ICMP error", () => {
    const unreachable = { decideSend: () => FaultyDriver.icmpError("portUnreachable") }

    it.scopedLive("fails the next call of a connected socket once, and the datagram is lost", () =>
      Effect.gen(function* () {
        const peer = yield* Datagram.bind(Datagram.ipv4, at)
        const socket = yield* Datagram.connect(Datagram.ipv4, peer.localAddress)
        yield* socket.send({ data: bytes("x") })
        expect(yield* Effect.flip(socket.receive)).toMatchObject({ reason: "ConnectionRefused" })
        expect(yield* Effect.map(socket.receiveWithin(0), Option.isNone)).toBe(true)
        expect(yield* Effect.map(peer.receiveWithin(0), Option.isNone)).toBe(true)
      }).pipe(Effect.provide(over(unreachable)))
    )

    it.scopedLive("wakes a reader that already waits", () =>
      Effect.gen(function* () {
        const peer = yield* Datagram.bind(Datagram.ipv4, at)
        const socket = yield* Datagram.connect(Datagram.ipv4, peer.localAddress)
        const reading = yield* Effect.fork(Effect.flip(socket.receive))
        yield* Effect.yieldNow()
        yield* socket.send({ data: bytes("x") })
        expect(yield* Fiber.join(reading)).toMatchObject({ reason: "ConnectionRefused" })
      }).pipe(Effect.provide(over(unreachable)))
    )

    it.scopedLive("is not reported to a socket without error reports", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        expect(yield* Effect.map(socket.receiveWithin("2 millis"), Option.isNone)).toBe(true)
      }).pipe(Effect.provide(over(unreachable)))
    )
  })

  it("verdicts reject invalid numbers", () => {
    for (const n of [1, 1.5, NaN, Infinity, 1001]) expect(() => FaultyDriver.duplicate(n)).toThrow(/2 to 1,000/)
    for (const n of [0, 0.5, NaN, Infinity]) expect(() => FaultyDriver.reorder(n)).toThrow(/1 and up/)
    expect(() => FaultyDriver.delay("Infinity" as never)).toThrow()
    expect(() => FaultyDriver.delay(2 ** 31)).toThrow(/24 days/)
    for (const type of [-1, 256, 1.5, NaN]) expect(() => FaultyDriver.icmpError({ type, code: 0 })).toThrow(/0 to 255/)
  })
}

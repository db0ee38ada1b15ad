/**
 * Laws of reading: the reader that gets each datagram, the datagrams that are lost, and balanced counters in each case.
 */
import { describe, expect, it } from "@effect/vitest"
import {
  Datagram,
  type DatagramFault,
  type DatagramReceiveError,
  type DatagramSocket,
  withHopLimit,
  withMaximumDatagramSize
} from "@ancillary/effect3"
import { Cause, Chunk, Effect, Either, Exit, Fiber, Option, Scope, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withHopLimit(), withMaximumDatagramSize(2048))
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>

const sendTexts = (from: Socket, to: DatagramSocket<"ipv4", never>, texts: ReadonlyArray<string>) =>
  Effect.forEach(texts, (each) => from.send({ data: bytes(each), to: to.localAddress }), { discard: true })
const numbered = (count: number) => Array.from({ length: count }, (_, i) => String(i))

/** Dequeued = delivered + faults + dropped by policy + put back. */
const balance = (socket: Socket) =>
  Effect.map(socket.stats, ({ dropped, faults, delivered, dequeued, putBack }) => {
    expect(dequeued).toBe(delivered + Object.values(faults).reduce((sum, count) => sum + count, 0n) + dropped + putBack)
  })

/** Runs a fiber until it waits. */
const settle = Effect.yieldNow().pipe(Effect.repeatN(20))

export const laws = ({ layer, over }: Bench): void => {
  describe("laws of reading", () => {
    it.scopedLive("interrupting a read that waits loses nothing", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const seen: Array<string> = []
        for (const each of numbered(20)) {
          const waiting = yield* Effect.fork(socket.receive)
          yield* settle
          // The interruption is before, during or after the arrival: this reader gets the datagram, or the next one
          // does.
          yield* sendTexts(sender, socket, [each])
          if (Number(each) % 2 === 0) yield* settle
          const exit = yield* Fiber.interrupt(waiting)
          if (Exit.isSuccess(exit)) seen.push(text(exit.value.data))
          else seen.push(text((yield* socket.receive).data))
        }
        expect(seen).toEqual(numbered(20))
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a reader interrupted where its fiber yields loses no datagram", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        let expected = 0n
        // Effect itself makes no progress with fewer than some ten operations a turn.
        for (let operations = 16; operations < 60; operations++) {
          yield* sendTexts(sender, socket, numbered(12))
          let got = 0n
          const loop = Effect.gen(function* () {
            for (;;) {
              yield* socket.receive
              got++
            }
          }).pipe(Effect.withMaxOpsBeforeYield(operations))
          const reader = yield* Effect.fork(loop)
          for (let turns = 0; turns < operations % 5; turns++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(reader)
          expected += got
          // The counter has the datagrams that the reader got; the rest is still in the socket.
          expect((yield* socket.stats).delivered).toBe(expected)
          let rest = 0n
          while (Option.isSome(yield* socket.receiveWithin(0))) rest++
          expected += rest
          expect(got + rest).toBe(12n)
        }
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("nothing is read without a request", () => {
      let calls = 0
      return Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, numbered(3))
        yield* Effect.sleep("5 millis")
        expect(calls).toBe(0)
        expect((yield* socket.stats).dequeued).toBe(0n)
        yield* socket.receive
        expect((yield* socket.stats).dequeued).toBe(1n)
        expect(Chunk.toReadonlyArray(yield* socket.receiveBatch).map(({ data }) => text(data))).toEqual(["1", "2"])
        yield* balance(socket)
      }).pipe(Effect.provide(over({ onReceive: () => void calls++ })))
    })

    it.scopedLive("receiveWithin returns none when its time is over, and takes no datagram", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        expect(yield* socket.receiveWithin("10 millis")).toEqual(Option.none())
        yield* sendTexts(sender, socket, ["late"])
        expect(Option.map(yield* socket.receiveWithin("1 second"), ({ data }) => text(data))).toEqual(
          Option.some("late")
        )
        const waiting = yield* Effect.fork(socket.receiveWithin("5 seconds"))
        yield* settle
        yield* sendTexts(sender, socket, ["in time"])
        expect(Option.map(yield* Fiber.join(waiting), ({ data }) => text(data))).toEqual(Option.some("in time"))
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("readers get distinct datagrams, and each is woken", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const readers = yield* Effect.forEach(numbered(5), () => Effect.fork(socket.receive))
        yield* settle
        yield* sendTexts(sender, socket, numbered(5))
        const seen = yield* Effect.forEach(readers, (reader) =>
          Effect.map(Fiber.join(reader), ({ data }) => text(data))
        )
        expect(seen.toSorted()).toEqual(numbered(5))
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("an interrupted reader leaves its turn to the others", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const first = yield* Effect.fork(socket.receive)
        const second = yield* Effect.fork(socket.receive)
        yield* settle
        yield* sendTexts(sender, socket, ["x"])
        yield* Fiber.interruptFork(first)
        const exit = yield* Effect.exit(Fiber.join(second)).pipe(Effect.timeoutOption("2 seconds"))
        const taken = Exit.isSuccess(yield* Fiber.await(first)) ? 1 : 0
        if (taken === 0) expect(Option.map(exit, Exit.isSuccess)).toEqual(Option.some(true))
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("closing the scope ends every waiting and later read with Closed", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(bind, scope)
        const sender = yield* bind
        const reads: ReadonlyArray<Effect.Effect<unknown, DatagramFault | DatagramReceiveError>> = [
          socket.receive,
          socket.receiveWithin("1 minute"),
          socket.receiveBatch,
          Stream.runDrain(socket.datagrams),
          Stream.runDrain(socket.outcomes),
          socket.forEach(() => {})
        ]
        const waiting = yield* Effect.forEach(reads, (read) => Effect.fork(Effect.flip(read)))
        yield* settle
        yield* Scope.close(scope, Exit.void)
        yield* Scope.close(scope, Exit.void)
        for (const fiber of waiting) expect(yield* Fiber.join(fiber)).toMatchObject({ reason: "Closed" })
        expect(yield* Effect.flip(socket.receive)).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
        expect(yield* Effect.flip(socket.forEach(() => {}))).toMatchObject({ reason: "Closed" })
        const { localAddress } = socket
        // Another socket has the descriptor's number by now: no datagram leaves through it.
        const successor = yield* bind
        expect(yield* Effect.flip(socket.send({ data: bytes("x"), to: sender.localAddress }))).toMatchObject({
          _tag: "DatagramSendError",
          reason: "Closed"
        })
        expect((yield* successor.stats).sent).toBe(0n)
        expect(yield* sender.receiveWithin(0)).toEqual(Option.none())
        expect(String(socket.localAddress)).toBe(String(localAddress))
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a stream that stops early loses the rest of its chunk, and receive nothing", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, numbered(6))
        const first = yield* Stream.runCollect(Stream.take(socket.datagrams, 1))
        expect(Chunk.toReadonlyArray(first).map(({ data }) => text(data))).toEqual(["0"])
        // The stream owned the chunk, so its datagrams are counted as delivered and lost.
        expect((yield* socket.stats).delivered).toBe(6n)
        expect(yield* socket.receiveWithin(0)).toEqual(Option.none())
        yield* sendTexts(sender, socket, numbered(3))
        expect(text((yield* socket.receive).data)).toBe("0")
        expect(text((yield* socket.receive).data)).toBe("1")
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a consumer that fails ends only its stream", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, ["a"])
        const failed = yield* Effect.flip(Stream.runForEach(socket.datagrams, () => Effect.fail("no")))
        expect(failed).toBe("no")
        const interrupted = yield* Effect.fork(Stream.runDrain(socket.datagrams))
        yield* settle
        yield* Fiber.interrupt(interrupted)
        yield* sendTexts(sender, socket, ["b"])
        expect(text((yield* socket.receive).data)).toBe("b")
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("outcomes and datagrams show the same datagrams", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, numbered(3))
        const outcomes = yield* Stream.runCollect(Stream.take(socket.outcomes, 3))
        expect(Chunk.toReadonlyArray(outcomes).map(Either.map(({ data }) => text(data)))).toEqual(
          numbered(3).map(Either.right)
        )
        yield* sendTexts(sender, socket, numbered(3))
        const datagrams = yield* Stream.runCollect(Stream.take(socket.datagrams, 3))
        expect(Chunk.toReadonlyArray(datagrams).map(({ data }) => text(data))).toEqual(numbered(3))
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("forEach delivers every datagram, before and after it waits", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const seen: Array<string> = []
        yield* sendTexts(sender, socket, numbered(5))
        const loop = yield* Effect.fork(socket.forEach(({ data }) => void seen.push(text(data))))
        yield* settle
        yield* sendTexts(sender, socket, ["5", "6"])
        yield* Effect.repeat(Effect.yieldNow(), { until: () => seen.length === 7 }).pipe(Effect.timeout("5 seconds"))
        yield* Fiber.interrupt(loop)
        expect(seen).toEqual(numbered(7))
        yield* sendTexts(sender, socket, ["after"])
        expect(text((yield* socket.receive).data)).toBe("after")
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a forEach whose callback throws dies, and the next reader gets the rest", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, numbered(4))
        const exit = yield* Effect.exit(
          socket.forEach(({ data }) => {
            if (text(data) === "1") throw new Error("boom")
          })
        )
        expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
        expect((yield* socket.stats).putBack).toBeLessThanOrEqual(2n)
        expect(text((yield* socket.receive).data)).toBe("2")
        expect(text((yield* socket.receive).data)).toBe("3")
        yield* balance(socket)
      }).pipe(Effect.provide(layer))
    )
  })
}

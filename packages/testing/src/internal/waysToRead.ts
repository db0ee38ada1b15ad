/**
 * All ways to read, given equal datagrams: each returns the same result, and none contains the bytes of another
 * datagram.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, DatagramFault, withHopLimit, withMaximumDatagramSize, withPktInfo } from "@ancillary/effect3"
import { Cause, Chunk, Effect, Either, Exit, Fiber, Scope, Stream } from "effect"
import { type Bench, bytes, failureOf, successOf, text } from "./bench.ts"

const room = 2000
const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withMaximumDatagramSize(room))
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>
type Received = Effect.Effect.Success<Socket["receive"]>

/** The contents of a datagram, copied while it may be read. */
const shown = ({ control, data, delivery, from }: Received) => ({
  bytes: [...data],
  from: from.port,
  hopLimit: control.hopLimit,
  destination: String(control.pktInfo.destination),
  delivery
})
type Shown = ReturnType<typeof shown>

/** Sizes around words, blocks and slots. One that does not fit is a fault, which only some ways return. */
const sizes = [0, 1, 3, 4, 100, 100, 101, 1000, room, room + 1, 7, 0, 1999, 100]

/** Readers that stop after a number of datagrams. Any that they read beyond it are lost. */
const readers: {
  readonly [name: string]: (socket: Socket, count: number) => Effect.Effect<ReadonlyArray<Shown>, unknown>
} = {
  receive: (socket, count) =>
    Effect.gen(function* () {
      const seen: Array<Shown> = []
      while (seen.length < count) {
        const read = yield* Effect.either(socket.receive)
        const datagram = successOf(read)
        if (datagram === undefined) expect(failureOf(read)).toBeInstanceOf(DatagramFault)
        else seen.push(shown(datagram))
      }
      return seen
    }),
  receiveBatch: (socket, count) =>
    Effect.gen(function* () {
      const seen: Array<Shown> = []
      while (seen.length < count) seen.push(...Chunk.map(yield* socket.receiveBatch, shown))
      return seen
    }),
  datagrams: (socket, count) =>
    Effect.map(Stream.runCollect(Stream.take(Stream.map(socket.datagrams, shown), count)), Chunk.toReadonlyArray),
  outcomes: (socket, count) =>
    Effect.map(
      Stream.runCollect(Stream.take(Stream.map(Stream.filterMap(socket.outcomes, Either.getRight), shown), count)),
      Chunk.toReadonlyArray
    ),
  forEach: (socket, count) => looped((f) => socket.forEach(f), count),
  forEachBorrowed: (socket, count) => looped((f) => socket.forEachBorrowed(f), count)
}

const looped = (
  loop: (f: (datagram: Received) => void) => Effect.Effect<never, unknown>,
  count: number
): Effect.Effect<ReadonlyArray<Shown>, unknown> =>
  Effect.gen(function* () {
    const seen: Array<Shown> = []
    const running = yield* Effect.fork(loop((datagram) => void seen.push(shown(datagram))))
    yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length >= count })
    yield* Fiber.interrupt(running)
    return seen
  })

const settle = Effect.yieldNow().pipe(Effect.repeatN(20))

export const waysToRead = ({ facts, layer }: Bench): void => {
  describe("paths of reading", () => {
    for (const [name, read] of Object.entries(readers)) {
      it.scopedLive(`${name}: each datagram has its payload, its sender and its control data`, () =>
        Effect.gen(function* () {
          const [socket, one, two] = [yield* bind, yield* bind, yield* bind]
          const big = yield* Datagram.client(Datagram.ipv4)
          const expected: Array<Shown> = []
          const send = (round: number) =>
            Effect.forEach(
              sizes,
              (size, i) => {
                const data = Uint8Array.from({ length: size }, (_, at) => (at + i * 7 + round) & 255)
                const from = i % 3 === 0 ? one : two
                if (size > room) return big.send({ data, to: socket.localAddress })
                expected.push({
                  bytes: [...data],
                  from: from.localAddress.port,
                  hopLimit: facts.hopLimit.ipv4,
                  destination: "127.0.0.1",
                  delivery: "unicast"
                })
                return from.send({ data, to: socket.localAddress })
              },
              { discard: true }
            )
          // Some datagrams arrive before the read, and some while it waits.
          yield* send(0)
          const reading = yield* Effect.fork(read(socket, 3 * (sizes.length - 1)))
          yield* settle
          yield* send(1)
          yield* settle
          yield* send(2)
          const seen = yield* Fiber.join(reading)
          expect(seen).toEqual(expected)
          const { dropped, faults, delivered, dequeued, putBack } = yield* socket.stats
          expect(delivered).toBeGreaterThanOrEqual(BigInt(expected.length))
          expect(dequeued).toBe(delivered + faults.DataTruncated + dropped + putBack)
        }).pipe(Effect.provide(layer))
      )
    }
  })

  const sendTexts = (from: Socket, to: Socket, texts: ReadonlyArray<string>) =>
    Effect.forEach(texts, (each) => from.send({ data: bytes(each), to: to.localAddress }), { discard: true })

  describe("borrowing", () => {
    it.scopedLive("guarded: a payload kept after the callback is empty, and a copy is complete", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        const kept: Array<Uint8Array> = []
        const copies: Array<Uint8Array> = []
        yield* sendTexts(sender, socket, ["one", "three"])
        const loop = yield* Effect.fork(
          socket.forEachBorrowed(({ data }) => {
            kept.push(data)
            copies.push(data.slice())
          })
        )
        yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => kept.length === 2 })
        yield* Fiber.interrupt(loop)
        expect(kept.map(({ length }) => length)).toEqual([0, 0])
        expect(copies.map(text)).toEqual(["one", "three"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a callback that throws: the next reader gets the rest of its batch as copies", () =>
      Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sendTexts(sender, socket, ["0", "1", "2", "3"])
        const exit = yield* Effect.exit(
          socket.forEachBorrowed(({ data }) => {
            if (text(data) === "1") throw new Error("boom")
          })
        )
        expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
        yield* sendTexts(sender, socket, ["4"])
        const rest = [yield* socket.receive, yield* socket.receive, yield* socket.receive]
        expect(rest.map(({ data }) => text(data))).toEqual(["2", "3", "4"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a callback that uses other sockets keeps its datagram, and they keep theirs", () =>
      Effect.gen(function* () {
        const [sender, socket, other] = [yield* bind, yield* bind, yield* bind]
        yield* sendTexts(sender, other, ["x", "y"])
        yield* sendTexts(sender, socket, ["first", "second"])
        const seen: Array<string> = []
        const nested: Array<string> = []
        const loop = yield* Effect.fork(
          socket.forEachBorrowed(({ data }) => {
            if (seen.length === 0) {
              nested.push(text(Effect.runSync(other.receive).data))
              Effect.runSync(sender.send({ data: bytes("third"), to: socket.localAddress }))
              // Starts at once, within the callback, and ends with its socket.
              Effect.runFork(other.forEachBorrowed((datagram) => void nested.push(text(datagram.data))))
            }
            seen.push(text(data))
          })
        )
        yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length === 3 && nested.length === 2 })
        yield* Fiber.interrupt(loop)
        expect([seen, nested]).toEqual([
          ["first", "second", "third"],
          ["x", "y"]
        ])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a callback that closes its socket is the last, and the rest is counted", () =>
      Effect.gen(function* () {
        const sender = yield* bind
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(bind, scope)
        yield* sendTexts(sender, socket, ["0", "1", "2"])
        let calls = 0
        const error = yield* Effect.flip(
          socket.forEachBorrowed(() => {
            calls++
            Effect.runSync(Scope.close(scope, Exit.void))
          })
        )
        expect([calls, error]).toEqual([1, expect.objectContaining({ reason: "Closed" })])
        const { dropped, delivered, dequeued } = yield* socket.stats
        expect(dequeued).toBe(delivered + dropped)
      }).pipe(Effect.provide(layer))
    )
  })
}

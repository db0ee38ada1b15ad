/** Datagrams that were put back, more than one turn takes. A coalesced payload is split, and a callback may throw at the first of thousands. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withCoalescing } from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"

/** One payload of so many bytes, coalesced from datagrams of one byte each. Loopback coalesces fewer. */
const merged = 10_000
const layer = DatagramSockets.layer(
  Effect.map(LinuxSockets.driver(), (driver) =>
    FaultyDriver.wrap(driver, {
      onReceived: (slot) => {
        if (slot.dataLength > 1) slot.dataLength = merged
      }
    })
  ),
  LinuxSockets.capabilities
)
const bind = Datagram.bind(Datagram.ipv4.pipe(withCoalescing()), { address: "127.0.0.1", port: 0 })
type Socket = Effect.Effect.Success<typeof bind>

const ways: { readonly [name: string]: (socket: Socket, f: () => void) => Effect.Effect<unknown, unknown> } = {
  receive: (socket, f) => Effect.forever(Effect.map(socket.receive, f)),
  receiveWithin: (socket, f) => Effect.forever(Effect.map(socket.receiveWithin("1 minute"), Option.map(f))),
  receiveBatch: (socket, f) => Effect.forever(Effect.map(socket.receiveBatch, Chunk.forEach(f))),
  receiveUpTo: (socket, f) => Effect.forever(Effect.map(socket.receiveUpTo(7), Chunk.forEach(f))),
  datagrams: (socket, f) => Stream.runForEach(socket.datagrams, () => Effect.sync(f)),
  forEach: (socket, f) => socket.forEach(f),
  forEachBorrowed: (socket, f) => socket.forEachBorrowed(f)
}

describe("of one coalesced payload", () => {
  for (const [name, read] of Object.entries(ways))
    it.scopedLive(`${name}: all that was given back arrives, a turn at a time, though nothing else comes`, () =>
      Effect.gen(function* () {
        const socket = yield* bind
        const sender = yield* Datagram.client(Datagram.ipv4)
        yield* sender.send({ data: new Uint8Array(2), to: socket.localAddress, segmentSize: 1 })
        yield* Effect.exit(
          socket.forEach(() => {
            throw new Error("boom")
          })
        )
        expect((yield* socket.stats).putBack).toBe(BigInt(merged - 1))
        let [handed, before, most] = [0, 0, 0]
        const note = () => {
          most = Math.max(most, handed - before)
          before = handed
          if (handed < merged - 1) setImmediate(note)
        }
        setImmediate(note)
        yield* Effect.forkScoped(read(socket, () => void handed++))
        yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => handed === merged - 1 })
        expect(yield* socket.stats).toMatchObject({ dequeued: BigInt(merged), delivered: BigInt(merged), putBack: 0n })
        // Datagrams of a turn and of the batch that ends it, twice, because a reader may begin right before the event loop's turn.
        expect(most).toBeLessThanOrEqual(2 * (256 + 63))
      }).pipe(Effect.provide(layer))
    )
})

it.scopedLive("receiveUpTo: returns at most the requested number, of coalesced ones, too", () =>
  Effect.gen(function* () {
    const socket = yield* bind
    const sender = yield* Datagram.client(Datagram.ipv4)
    yield* sender.send({ data: new Uint8Array(2), to: socket.localAddress, segmentSize: 1 })
    for (const maximum of [1, 5, 64, 100]) expect(yield* socket.receiveUpTo(maximum)).toHaveLength(maximum)
    expect(yield* socket.receiveUpTo(1_000_000)).toHaveLength(merged - 170)
    expect(yield* socket.stats).toMatchObject({ dequeued: BigInt(merged), delivered: BigInt(merged) })
  }).pipe(Effect.provide(layer))
)

it.scopedLive("receiveUpTo: rejects an invalid number of datagrams, and takes none", () =>
  Effect.gen(function* () {
    const socket = yield* bind
    const sender = yield* Datagram.client(Datagram.ipv4)
    yield* sender.send({ data: new Uint8Array(1), to: socket.localAddress })
    for (const wrong of [0, -1, 1.5, NaN, Infinity])
      expect(yield* Effect.flip(socket.receiveUpTo(wrong))).toMatchObject({
        _tag: "DatagramReceiveError",
        reason: "InvalidArgument",
        message: `maximum: ${wrong} is not a number of datagrams: give 1 or more. Nothing was read.`
      })
    expect(yield* socket.receiveUpTo(1)).toHaveLength(1)
  }).pipe(Effect.provide(layer))
)

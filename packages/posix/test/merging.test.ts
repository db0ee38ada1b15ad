/** Splitting of coalesced payloads: every way of reading gives the datagrams that were sent. Loopback coalesces the segments of one send. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withCoalescedSize,
  withCoalescing,
  withHopLimit,
  withMaximumDatagramSize,
  withScatter,
  withTruncation
} from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Fiber, Option, Stream } from "effect"
import { DatagramSockets } from "@ancillary/effect3"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const at = { address: "127.0.0.1", port: 0 }
const spec = Datagram.ipv4.pipe(withHopLimit(), withCoalescing())
const bind = Datagram.bind(spec, at)
type Socket = Effect.Effect.Success<typeof bind>
type Received = Effect.Effect.Success<Socket["receive"]>

const counting = (length: number, first = 0) => Uint8Array.from({ length }, (_, i) => (first + i) & 255)

/** 250 bytes as 100, 100 and 50, a plain one, and 120 as 60 and 60: in this order. */
const send = (to: { readonly localAddress: Socket["localAddress"] }) =>
  Effect.gen(function* () {
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* client.send({ data: counting(250), to: to.localAddress, segmentSize: 100 })
    yield* client.send({ data: counting(7, 9), to: to.localAddress })
    yield* client.send({ data: counting(120, 50), to: to.localAddress, segmentSize: 60 })
  })
const sent = [counting(100), counting(100, 100), counting(50, 200), counting(7, 9), counting(60, 50), counting(60, 110)]

it.scopedLive("bare kernel: it delivers three payloads, two of them coalesced", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withCoalescedSize()), at)
    yield* send(socket)
    const seen = [yield* socket.receive, yield* socket.receive, yield* socket.receive]
    expect(seen.map(({ data }) => data.length)).toEqual([250, 7, 120])
    expect(seen.map(({ control }) => control.coalescedSize)).toEqual([Option.some(100), Option.none(), Option.some(60)])
  }).pipe(Effect.provide(layer))
)

const paths: { readonly [name: string]: (socket: Socket) => Effect.Effect<ReadonlyArray<Uint8Array>, unknown> } = {
  receive: (socket) =>
    Effect.map(Effect.replicateEffect(socket.receive, sent.length), (datagrams) => datagrams.map(({ data }) => data)),
  "peek, receive": (socket) =>
    Effect.replicateEffect(
      Effect.gen(function* () {
        const [shown, taken] = [yield* socket.peek, yield* socket.receive]
        expect(shown.data).toEqual(taken.data)
        return taken.data
      }),
      sent.length
    ),
  receiveBatch: (socket) =>
    Effect.map(socket.receiveBatch, (batch) => Chunk.toReadonlyArray(batch).map(({ data }) => data)),
  datagrams: (socket) =>
    Effect.map(Stream.runCollect(Stream.take(socket.datagrams, sent.length)), (all) =>
      Chunk.toReadonlyArray(all).map(({ data }) => data)
    ),
  forEach: (socket) => looped((f) => socket.forEach(f)),
  forEachBorrowed: (socket) => looped((f) => socket.forEachBorrowed(f))
}
const looped = (loop: (f: (datagram: Received) => void) => Effect.Effect<never, unknown>) =>
  Effect.gen(function* () {
    const seen: Array<Uint8Array> = []
    const running = yield* Effect.fork(
      loop(({ control, data }) => void (control.hopLimit === 64 && seen.push(data.slice())))
    )
    yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length >= sent.length })
    yield* Fiber.interrupt(running)
    return seen
  })

for (const [name, read] of Object.entries(paths))
  it.scopedLive(`${name}: returns the datagrams that were sent, and the counters balance`, () =>
    Effect.gen(function* () {
      const socket = yield* bind
      yield* send(socket)
      expect((yield* read(socket)).map((data) => [...data])).toEqual(sent.map((data) => [...data]))
      const { delivered, dequeued, putBack } = yield* socket.stats
      expect([dequeued, delivered, putBack]).toEqual([6n, 6n, 0n])
    }).pipe(Effect.provide(layer))
  )

for (const path of ["forEach", "forEachBorrowed"] as const) {
  it.scopedLive(`${path}: after single datagrams, a coalesced payload is delivered completely`, () =>
    Effect.gen(function* () {
      const [socket, client] = [yield* bind, yield* Datagram.client(Datagram.ipv4)]
      const seen: Array<number> = []
      const expected: Array<number> = []
      const arrive = (...lengths: ReadonlyArray<number>) => {
        expected.push(...lengths)
        return Effect.repeat(Effect.sleep("1 millis"), { until: () => seen.length >= expected.length })
      }
      yield* Effect.forkScoped(socket[path](({ data }) => void seen.push(data.length)))
      for (let alone = 0; alone < 16; alone++) {
        for (let i = 0; i < alone; i++) {
          yield* client.send({ data: counting(7), to: socket.localAddress })
          yield* arrive(7)
        }
        yield* client.send({ data: counting(130), to: socket.localAddress, segmentSize: 60 })
        yield* arrive(60, 60, 10)
      }
      expect(seen).toEqual(expected)
      expect(yield* socket.stats).toMatchObject({
        dequeued: BigInt(seen.length),
        delivered: BigInt(seen.length),
        putBack: 0n
      })
    }).pipe(Effect.provide(layer))
  )
}

it.scopedLive("all datagrams of a coalesced payload have its control data, and no sign of it", () =>
  Effect.gen(function* () {
    const socket = yield* bind
    yield* send(socket)
    const seen = yield* Effect.replicateEffect(socket.receive, sent.length)
    for (const { control, truncated } of seen) expect([control, truncated]).toEqual([{ hopLimit: 64 }, Option.none()])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a callback that throws within a coalesced payload leaves the rest unchanged", () =>
  Effect.gen(function* () {
    const socket = yield* bind
    yield* send(socket)
    yield* Effect.exit(
      socket.forEachBorrowed(({ data }) => {
        if (data[0] === 100) throw new Error("boom")
      })
    )
    const rest = yield* Effect.replicateEffect(socket.receive, 4)
    expect(rest.map(({ data }) => [...data])).toEqual(sent.slice(2).map((data) => [...data]))
  }).pipe(Effect.provide(layer))
)

it.scopedLive("the maximum size and the declared parts apply to each datagram of the payload", () =>
  Effect.gen(function* () {
    const few = yield* Datagram.bind(spec.pipe(withMaximumDatagramSize(60)), at)
    yield* send(few)
    const outcomes = yield* Stream.runCollect(Stream.take(few.outcomes, sent.length))
    expect(
      Chunk.toReadonlyArray(outcomes).map(
        Either.match({ onLeft: ({ reason }) => reason, onRight: ({ data }) => data.length })
      )
    ).toEqual(["DataTruncated", "DataTruncated", 50, 7, 60, 60])
    const cut = yield* Datagram.bind(spec.pipe(withMaximumDatagramSize(60), withTruncation("deliver")), at)
    yield* send(cut)
    const [first] = yield* Effect.replicateEffect(cut.receive, sent.length)
    expect([first?.data.length, first?.truncated]).toEqual([60, Option.some({ size: Option.some(100) })])
    const dropping = yield* Datagram.bind(spec.pipe(withMaximumDatagramSize(60), withTruncation("drop")), at)
    yield* send(dropping)
    expect((yield* dropping.peek).data.length).toBe(50)
    expect((yield* dropping.receive).data.length).toBe(50)
    expect((yield* dropping.stats).dropped).toBe(2n)
    const parts = yield* Datagram.bind(spec.pipe(withScatter(10, 90)), at)
    yield* send(parts)
    const split = yield* Effect.replicateEffect(parts.receive, sent.length)
    expect(split.map(({ control }) => control.parts.map(({ length }) => length))).toEqual([
      [10, 90],
      [10, 90],
      [10, 40],
      [7, 0],
      [10, 50],
      [10, 50]
    ])
  }).pipe(Effect.provide(layer))
)

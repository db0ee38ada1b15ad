/** Payloads in pieces and in parts, and payloads that are looked at before they are taken. */
import { describe, expect, it } from "@effect/vitest"
import {
  Datagram,
  withHopLimit,
  withMaximumDatagramSize,
  withPktInfo,
  withScatter,
  withTruncation
} from "@ancillary/socket"
import { Chunk, Effect, Option, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }

export const payloads = ({ facts, layer, over }: Bench): void => {
  describe("payloads", () => {
    it.scopedLive("pieces arrive as one datagram, whatever their number and sizes, with control data", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
        const [socket, sender] = [yield* Datagram.bind(spec, at), yield* Datagram.client(spec)]
        const whole = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 31) >> 3)
        // More than the kernel is given vectors for, empty ones among them, and pieces of one buffer in another order than they lie in it.
        for (const sizes of [
          [0],
          [0, 0],
          [1, 1],
          [0, 12, 0, 500],
          Array.from({ length: 40 }, (_, i) => i),
          [12, 30_000, 5]
        ]) {
          let from = 0
          const pieces = sizes.map((size) => whole.subarray(from, (from += size)))
          yield* sender.send({ data: pieces, to: socket.localAddress, control: { hopLimit: 7 } })
          const datagram = yield* socket.receive
          expect([sizes, datagram.data]).toEqual([sizes, whole.slice(0, from)])
          expect(datagram.control.hopLimit).toBe(facts.sentControl === "honoured" ? 7 : facts.hopLimit.ipv4)
        }
        yield* sender.send({ data: [whole.subarray(4, 8), whole.subarray(0, 4)], to: socket.localAddress })
        expect([...(yield* socket.receive).data]).toEqual([...whole.slice(4, 8), ...whole.slice(0, 4)])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("pieces that the send buffer has no room for are sent once it has", () => {
      let full = 1
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        yield* socket.send({ data: [bytes("he"), bytes("llo")], to: socket.localAddress })
        expect([text((yield* socket.receive).data), full]).toEqual(["hello", 0])
      }).pipe(Effect.provide(over({ onSend: () => (full > 0 ? ((full--, 0) as 0) : undefined) })))
    })

    it.scopedLive("a payload is split into the parts that are declared, the last ones short where it was", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withScatter(4, 2, 6), withHopLimit()), at)
        const parts = (payload: string) =>
          Effect.gen(function* () {
            yield* socket.send({ data: bytes(payload), to: socket.localAddress })
            const { control, data } = yield* socket.receive
            expect(text(data)).toBe(payload)
            expect(control.hopLimit).toBe(facts.hopLimit.ipv4)
            return control.parts.map(text)
          })
        expect(yield* parts("headlnpayloa")).toEqual(["head", "ln", "payloa"])
        expect(yield* parts("headl")).toEqual(["head", "l", ""])
        expect(yield* parts("")).toEqual(["", "", ""])
        // Only what is received is limited to the parts.
        yield* socket.send({ data: bytes("more than twelve bytes"), to: socket.localAddress })
        expect(yield* Effect.flip(socket.receive)).toMatchObject({ reason: "DataTruncated" })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("parts of what was truncated, where the spec says deliver", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withScatter(2, 3), withTruncation("deliver"))
        const socket = yield* Datagram.bind(spec, at)
        yield* socket.send({ data: bytes("abcdefgh"), to: socket.localAddress })
        const { control, truncated } = yield* socket.receive
        expect([control.parts.map(text), Option.isSome(truncated)]).toEqual([["ab", "cde"], true])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("parts that cannot be are refused before a socket is opened", () =>
      Effect.gen(function* () {
        const refused = (...sizes: ReadonlyArray<number>) =>
          Effect.map(
            Effect.flip(Datagram.bind(Datagram.ipv4.pipe(withScatter(...sizes)), at)),
            ({ message }) => message
          )
        const end = "are not sizes of parts: one integer from 1 or more, at most 65535 together."
        expect(yield* refused(12, 0)).toBe(`withScatter: [12, 0] ${end}`)
        expect(yield* refused(1.5)).toBe(`withScatter: [1.5] ${end}`)
        expect(yield* refused(65_535, 1)).toBe(`withScatter: [65535, 1] ${end}`)
        expect(yield* refused()).toBe(`withScatter: [] ${end}`)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a peek shows the next datagram, with its control data, and takes nothing", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
        const socket = yield* Datagram.bind(spec, at)
        const waiting = yield* Effect.fork(socket.peek)
        yield* Effect.yieldNow()
        for (const each of ["a", "b"]) yield* socket.send({ data: bytes(each), to: socket.localAddress })
        for (const peeked of [yield* waiting, yield* socket.peek, yield* socket.peek]) {
          expect(text(peeked.data)).toBe("a")
          expect(peeked.control.hopLimit).toBe(facts.hopLimit.ipv4)
          expect(String(peeked.control.pktInfo.destination)).toBe("127.0.0.1")
        }
        expect(yield* socket.stats).toMatchObject({ taken: 0n, received: 0n })
        expect(text((yield* socket.receive).data)).toBe("a")
        expect(text((yield* socket.peek).data)).toBe("b")
        const last = Chunk.headNonEmpty(yield* socket.receiveBatch)
        expect(text(last.data)).toBe("b")
        expect(yield* socket.stats).toMatchObject({ taken: 2n, received: 2n })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a peek tells a fault as often as it is asked, and drops what the spec drops", () =>
      Effect.gen(function* () {
        const small = Datagram.ipv4.pipe(withMaximumDatagramSize(3))
        const failing = yield* Datagram.bind(small, at)
        const dropping = yield* Datagram.bind(small.pipe(withTruncation("drop")), at)
        for (const socket of [failing, dropping])
          for (const each of ["too long", "ok"]) {
            const sender = yield* Datagram.client(Datagram.ipv4)
            yield* sender.send({ data: bytes(each), to: socket.localAddress })
          }
        for (let i = 0; i < 2; i++)
          expect(yield* Effect.flip(failing.peek)).toMatchObject({ _tag: "DatagramFault", reason: "DataTruncated" })
        expect(yield* failing.stats).toMatchObject({ taken: 0n, faults: { DataTruncated: 0n } })
        yield* Effect.flip(failing.receive)
        expect(text((yield* failing.peek).data)).toBe("ok")
        expect(text((yield* dropping.peek).data)).toBe("ok")
        expect(yield* dropping.stats).toMatchObject({ taken: 1n, dropped: 1n, received: 0n })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("what a loop gave back is what a peek shows", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        for (const each of ["a", "b", "c"]) yield* socket.send({ data: bytes(each), to: socket.localAddress })
        const thrown = socket.forEach(() => {
          throw new Error("a defect of the callback")
        })
        yield* Effect.exit(thrown)
        expect(text((yield* socket.peek).data)).toBe("b")
        const rest = yield* Stream.runCollect(Stream.take(socket.datagrams, 2))
        expect(Chunk.toReadonlyArray(rest).map(({ data }) => text(data))).toEqual(["b", "c"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a client has a free port of its own, and its descriptor is closed with it", () =>
      Effect.gen(function* () {
        const server = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), at)
        const closed = yield* Effect.scoped(
          Effect.gen(function* () {
            const client = yield* Datagram.client(Datagram.ipv4)
            expect(client.localAddress.port).toBeGreaterThan(0)
            expect(yield* client.descriptor).toBeGreaterThan(0)
            yield* client.send({ data: bytes("ask"), to: server.localAddress })
            const asked = yield* server.receive
            yield* Datagram.reply(server, asked, bytes("answer"))
            expect(text((yield* client.receive).data)).toBe("answer")
            return client
          })
        )
        expect(yield* Effect.flip(closed.descriptor)).toMatchObject({ reason: "Closed" })
        expect(yield* Effect.flip(closed.peek)).toMatchObject({ reason: "Closed" })
      }).pipe(Effect.provide(layer))
    )
  })
}

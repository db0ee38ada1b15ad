/** Datagrams that are peeked before they are read: the next read returns them again, with any way to read. */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withHopLimit, withMaximumDatagramSize, withPktInfo, withTruncation } from "@ancillary/effect3"
import { Chunk, Effect, Fiber, Stream } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }

export const peeks = ({ facts, layer }: Bench): void => {
  describe("peeks", () => {
    it.scopedLive("a peek shows the next datagram, with its control data, and takes nothing", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
        const socket = yield* Datagram.bind(spec, at)
        const waiting = yield* Effect.fork(socket.peek)
        yield* Effect.yieldNow()
        for (const each of ["a", "b"]) yield* socket.send({ data: bytes(each), to: socket.localAddress })
        for (const peeked of [yield* Fiber.join(waiting), yield* socket.peek, yield* socket.peek]) {
          expect(text(peeked.data)).toBe("a")
          expect(peeked.control.hopLimit).toBe(facts.hopLimit.ipv4)
          expect(String(peeked.control.pktInfo.destination)).toBe("127.0.0.1")
        }
        expect(yield* socket.stats).toMatchObject({ dequeued: 0n, delivered: 0n })
        expect(text((yield* socket.receive).data)).toBe("a")
        expect(text((yield* socket.peek).data)).toBe("b")
        const last = Chunk.headNonEmpty(yield* socket.receiveBatch)
        expect(text(last.data)).toBe("b")
        expect(yield* socket.stats).toMatchObject({ dequeued: 2n, delivered: 2n })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("each peek returns a fault again, and drops datagrams that the spec drops", () =>
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
        expect(yield* failing.stats).toMatchObject({ dequeued: 0n, faults: { DataTruncated: 0n } })
        yield* Effect.flip(failing.receive)
        expect(text((yield* failing.peek).data)).toBe("ok")
        expect(text((yield* dropping.peek).data)).toBe("ok")
        expect(yield* dropping.stats).toMatchObject({ dequeued: 1n, dropped: 1n, delivered: 0n })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a peek shows the datagrams that a loop put back", () =>
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
  })
}

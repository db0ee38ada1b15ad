/** Payloads in pieces and in parts, and the addresses to which replies to them return. */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, withHopLimit, withPktInfo, withScatter, withTruncation } from "@ancillary/effect3"
import { Effect, Either, Fiber, Option } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }

export const payloads = ({ facts, fault, layer, over, receive }: Bench): void => {
  describe("payloads", () => {
    it.scopedLive("any pieces arrive as one datagram, with control data", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
        const [socket, sender] = [yield* Datagram.bind(spec, at), yield* Datagram.client(spec)]
        const whole = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 31) >> 3)
        // More pieces than the iovecs of a message, some of them empty. Then pieces of one buffer in another order than
        // in the buffer.
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
          const datagram = yield* receive(socket)
          expect([sizes, datagram.data]).toEqual([sizes, whole.slice(0, from)])
          expect(datagram.control.hopLimit).toBe(facts.sentControl === "honoured" ? 7 : facts.hopLimit.ipv4)
        }
        yield* sender.send({ data: [whole.subarray(4, 8), whole.subarray(0, 4)], to: socket.localAddress })
        expect([...(yield* receive(socket)).data]).toEqual([...whole.slice(4, 8), ...whole.slice(0, 4)])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("sendAll: payloads arrive unchanged, copied or not, in any pieces", () =>
      Effect.gen(function* () {
        const [socket, sender] = [yield* Datagram.bind(Datagram.ipv4, at), yield* Datagram.client(Datagram.ipv4)]
        const whole = Uint8Array.from({ length: 60_000 }, (_, i) => (i * 31) >> 3)
        const cut = (sizes: ReadonlyArray<number>) => {
          let from = 0
          return sizes.map((size) => whole.subarray(from, (from += size)))
        }
        const repeated = (count: number, size: number) => Array.from({ length: count }, () => size)
        const all = [
          ...[0, 1, 1535, 1536, 1537, 16_384, 60_000].map((size) => [size]),
          [1000, 536],
          repeated(17, 96),
          // After the iovecs: more than a slot can hold.
          repeated(15, 1).concat(1536),
          repeated(15, 1).concat(1537),
          repeated(15, 1).concat(1000, 0, 536, 1, 8000),
          repeated(40, 1000)
        ]
        for (const sizes of [all, all.toReversed()]) {
          const messages = sizes.map((each) => ({ data: cut(each), to: socket.localAddress }))
          expect(yield* sender.sendAll(messages)).toEqual({ sent: sizes.length, dropped: 0, failed: [] })
          for (const each of sizes) {
            const { data } = yield* receive(socket)
            expect([each, data]).toEqual([
              each,
              whole.slice(
                0,
                each.reduce((sum, size) => sum + size, 0)
              )
            ])
          }
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("pieces that do not fit in the send buffer are sent when it has room", () => {
      let full = 1
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        yield* socket.send({ data: [bytes("he"), bytes("llo")], to: socket.localAddress })
        expect([text((yield* receive(socket)).data), full]).toEqual(["hello", 0])
      }).pipe(Effect.provide(over({ onSend: () => (full > 0 ? ((full--, 0) as 0) : undefined) })))
    })

    it.scopedLive("a payload is split into the declared parts, the last ones maybe short", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withScatter(4, 2, 6), withHopLimit()), at)
        const parts = (payload: string) =>
          Effect.gen(function* () {
            yield* socket.send({ data: bytes(payload), to: socket.localAddress })
            const { control, data } = yield* receive(socket)
            expect(text(data)).toBe(payload)
            expect(control.hopLimit).toBe(facts.hopLimit.ipv4)
            return control.parts.map(text)
          })
        expect(yield* parts("headlnpayloa")).toEqual(["head", "ln", "payloa"])
        expect(yield* parts("headl")).toEqual(["head", "l", ""])
        expect(yield* parts("")).toEqual(["", "", ""])
        // The parts limit only received datagrams.
        yield* socket.send({ data: bytes("more than twelve bytes"), to: socket.localAddress })
        yield* fault(socket, { reason: "DataTruncated" })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("parts of a truncated datagram that the spec delivers", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withScatter(2, 3), withTruncation("deliver"))
        const socket = yield* Datagram.bind(spec, at)
        yield* socket.send({ data: bytes("abcdefgh"), to: socket.localAddress })
        const { control, truncated } = yield* receive(socket)
        expect([control.parts.map(text), Option.isSome(truncated)]).toEqual([["ab", "cde"], true])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("invalid parts are rejected before a socket is opened", () =>
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

    it.scopedLive("one read gives sizes: the parts are views of the payload, the last ones short", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), at)
        const send = (payload: string) => socket.send({ data: bytes(payload), to: socket.localAddress })
        const parts = (...sizes: ReadonlyArray<number>) =>
          Effect.gen(function* () {
            const { control, data, from, parts, truncated } = yield* socket.receiveScattered(...sizes)
            expect([control.hopLimit, String(from), Option.isNone(truncated)]).toEqual([
              facts.hopLimit.ipv4,
              String(socket.localAddress),
              true
            ])
            expect(parts.every(({ buffer }) => buffer === data.buffer)).toBe(true)
            return [text(data), ...parts.map(text)]
          })
        for (const payload of ["headbody", "headbody", "he", "", "headbody"]) yield* send(payload)
        expect(yield* parts(4, 4)).toEqual(["headbody", "head", "body"])
        expect(yield* parts(1, 2, 2 ** 31 - 1)).toEqual(["headbody", "h", "ea", "dbody"])
        expect(yield* parts(4, 1)).toEqual(["he", "he", ""])
        expect(yield* parts(1)).toEqual(["", ""])
        // The sizes applied only to those reads.
        expect(yield* receive(socket)).not.toHaveProperty("parts")
        const waiting = yield* Effect.fork(parts(2, 1))
        yield* Effect.yieldNow()
        yield* send("abc")
        expect(yield* Fiber.join(waiting)).toEqual(["abc", "ab", "c"])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a datagram that exceeds one read's parts is treated as withTruncation declares", () =>
      Effect.gen(function* () {
        const ends = { fail: [], deliver: [], drop: [] } as { readonly [how: string]: Array<unknown> }
        for (const how of ["fail", "deliver", "drop"] as const) {
          const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTruncation(how)), at)
          for (const payload of ["abcdef", "ab", "abc"])
            yield* socket.send({ data: bytes(payload), to: socket.localAddress })
          for (let read = 0; read < (how === "drop" ? 2 : 3); read++) {
            const outcome = yield* Effect.either(socket.receiveScattered(1, 2))
            ends[how]?.push(
              Either.match(outcome, {
                onLeft: (error) => [error._tag, error.reason],
                onRight: ({ data, parts, truncated }) => [text(data), ...parts.map(text), truncated]
              })
            )
          }
          const { dropped, faults, delivered, dequeued, putBack } = yield* socket.stats
          expect([how, dequeued, putBack, faults.DataTruncated, dropped]).toEqual([
            how,
            3n,
            0n,
            how === "fail" ? 1n : 0n,
            how === "drop" ? 1n : 0n
          ])
          expect(delivered + faults.DataTruncated + dropped).toBe(dequeued)
        }
        const rest = [
          ["ab", "a", "b", Option.none()],
          ["abc", "a", "bc", Option.none()]
        ]
        expect(ends).toEqual({
          fail: [["DatagramFault", "DataTruncated"], ...rest],
          deliver: [["abc", "a", "bc", Option.some({ size: Option.some(6) })], ...rest],
          drop: rest
        })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("invalid sizes of one read are rejected, and nothing is read", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        yield* socket.send({ data: bytes("abc"), to: socket.localAddress })
        const end = "give one integer or more from 1 to 2147483647. Nothing was read."
        const wrong: ReadonlyArray<readonly [ReadonlyArray<unknown>, string]> = [
          [[], "there are none"],
          [[0], "0 at position 0 is not a size"],
          [[1, -1], "-1 at position 1 is not a size"],
          [[1.5], "1.5 at position 0 is not a size"],
          [[1, Number.NaN], "NaN at position 1 is not a size"],
          [[2 ** 31], "2147483648 at position 0 is not a size"],
          [["12"], "'12' at position 0 is not a size"],
          [[[1, 2]], "1,2 at position 0 is not a size"]
        ]
        for (const [sizes, why] of wrong)
          expect(yield* Effect.flip(socket.receiveScattered(...(sizes as ReadonlyArray<number>)))).toMatchObject({
            _tag: "DatagramReceiveError",
            reason: "InvalidArgument",
            syscall: facts.syscalls.receive === "WSARecvMsg" ? "WSARecvMsg" : "recvmsg",
            message: `sizes: ${why}: ${end}`
          })
        expect(yield* socket.stats).toMatchObject({ dequeued: 0n })
        expect((yield* socket.receiveScattered(1, 9)).parts.map(text)).toEqual(["a", "bc"])
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
            const asked = yield* receive(server)
            yield* Datagram.reply(server, asked, bytes("answer"))
            expect(text((yield* receive(client)).data)).toBe("answer")
            return client
          })
        )
        expect(yield* Effect.flip(closed.descriptor)).toMatchObject({ reason: "Closed" })
        expect(yield* Effect.flip(closed.peek)).toMatchObject({ reason: "Closed" })
      }).pipe(Effect.provide(layer))
    )
  })
}

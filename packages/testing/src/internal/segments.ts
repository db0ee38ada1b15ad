/**
 * Payloads that are sent in segments. Whether the system or the library cuts them, equal datagrams arrive, each once.
 * This is so for any refusal of the system.
 */
import { describe, expect, it } from "@effect/vitest"
import {
  Datagram,
  withBackpressure,
  withCoalescing,
  withHopLimit,
  withMaximumDatagramSize,
  withOptional,
  withReceiveBufferSize
} from "@ancillary/effect3"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Effect } from "effect"
import type * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }
const receiver = Datagram.bind(Datagram.ipv4.pipe(withHopLimit(), withReceiveBufferSize(4 << 20)), at)
type Receiver = Effect.Effect.Success<typeof receiver>

/** Each byte depends on its offset, so that a lost, repeated or reordered byte is visible. */
const payload = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255)
const cut = (data: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.max(1, Math.ceil(data.length / size)) }, (_, i) => data.slice(i * size, (i + 1) * size))

/** Digests for comparison, because a test runner needs seconds to compare bytes. */
const prints = (datagrams: ReadonlyArray<Uint8Array>): ReadonlyArray<string> =>
  datagrams.map((each) => `${each.length} bytes, ${each.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)}`)
export const segments = ({ driver, facts, fault: expectFault, isEmpty, layer, over, receive }: Bench): void => {
  const read = (socket: Receiver, expected: number) =>
    Effect.gen(function* () {
      const seen = yield* Effect.replicateEffect(receive(socket), expected)
      expect(yield* isEmpty(socket)).toBe(true)
      return seen
    })
  const expectSegments = (socket: Receiver, data: Uint8Array, size: number) =>
    Effect.map(read(socket, cut(data, size).length), (seen) =>
      expect(prints(seen.map((each) => each.data))).toEqual(prints(cut(data, size)))
    )
  const fault = (code: string): Fault => ({ syscall: facts.syscalls.send, code, errno: 1 })

  describe("segments", () => {
    it.scopedLive("with optional coalescing a datagram that is too large is a fault", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withOptional(withCoalescing()), withMaximumDatagramSize(100))
        const socket = yield* Datagram.bind(spec, at)
        const sender = yield* Datagram.client(Datagram.ipv4)
        yield* sender.send({ data: payload(200), to: socket.localAddress })
        // Winsock: a merged payload may come without the size of its datagrams.
        const isMerging = (yield* driver).abi.platform === "winsock" && facts.refuses["coalescedSize"] === undefined
        yield* expectFault(socket, { reason: isMerging ? "ControlMissing" : "DataTruncated" })
        yield* sender.send({ data: payload(100), to: socket.localAddress })
        expect((yield* receive(socket)).data).toEqual(payload(100))
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("of any size arrive as so many datagrams, the last with the rest", () =>
      Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* Datagram.client(Datagram.ipv4.pipe(withHopLimit()))]
        const to = socket.localAddress
        let sent = 0
        for (const [size, segmentSize] of [
          [0, 1],
          [1, 1],
          [100, 100],
          [100, 101],
          [101, 100],
          [130, 1],
          [250, 100],
          [6400, 100],
          [6401, 100],
          [80_000, 1200],
          [131_014, 65_507]
        ] as const) {
          const data = payload(size)
          yield* sender.send({ data, to, segmentSize, control: { hopLimit: 9 } })
          yield* expectSegments(socket, data, segmentSize)
          sent += cut(data, segmentSize).length
        }
        expect((yield* sender.stats).sent).toBe(BigInt(sent))
        // Segments are cut from the whole payload, also across its pieces.
        const data = payload(1000)
        const pieces = [data.subarray(0, 1), data.subarray(1, 1), data.subarray(1, 650), data.subarray(650)]
        yield* sender.send({ data: pieces, to, segmentSize: 300 })
        yield* expectSegments(socket, data, 300)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("among other messages keep their order and their own control data", () =>
      Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* Datagram.client(Datagram.ipv4.pipe(withHopLimit()))]
        const to = socket.localAddress
        const messages = Array.from({ length: 60 }, (_, i) => ({
          data: payload(i * 10),
          to,
          ...(i % 3 === 0 ? { segmentSize: 50 } : {}),
          ...(i % 2 === 0 ? { control: { hopLimit: i + 1 } } : {})
        }))
        const expected = messages.flatMap(({ control, data, segmentSize }) =>
          cut(data, segmentSize ?? 65_507).map((each) => ({
            data: each,
            hopLimit:
              facts.sentControl === "honoured" ? (control?.hopLimit ?? facts.hopLimit.ipv4) : facts.hopLimit.ipv4
          }))
        )
        expect(yield* sender.sendAll(messages)).toEqual({ sent: 60, dropped: 0, failed: [] })
        const seen = yield* read(socket, expected.length)
        expect(seen.map(({ control: { hopLimit }, data }) => ({ data, hopLimit }))).toEqual(expected)
        expect((yield* sender.stats).sent).toBe(BigInt(expected.length))
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("are at most a datagram of the socket, although their payload is larger", () =>
      Effect.gen(function* () {
        const socket = yield* receiver
        const sender = yield* Datagram.connect(Datagram.ipv4.pipe(withMaximumDatagramSize(500)), socket.localAddress)
        expect(yield* Effect.flip(sender.send({ data: bytes("x"), segmentSize: 501 }))).toMatchObject({
          reason: "InvalidArgument",
          message: "segmentSize: 501 is not a size of segments: an integer from 1 to 500. Nothing was sent."
        })
        yield* sender.send({ data: payload(5000), segmentSize: 500 })
        yield* expectSegments(socket, payload(5000), 500)
      }).pipe(Effect.provide(layer))
    )

    // If a single datagram is refused with the same error, segmentation was not its cause.
    for (const code of ["EIO", "EINVAL", "EMSGSIZE", "EOPNOTSUPP"])
      for (const refusedFrom of [0, 1, 2]) {
        it.scopedLive(`${code} from call ${refusedFrom} on: segments are sent one by one to that host`, () => {
          let cuts = 0
          let singles = 0
          const hooks: FaultyDriver.Hooks = {
            onSend: ({ data }) => {
              if (data.length <= 1000) return void singles++
              return cuts++ >= refusedFrom ? fault(code) : undefined
            }
          }
          return Effect.gen(function* () {
            const [socket, sender] = [yield* receiver, yield* Datagram.client(Datagram.ipv4)]
            const data = payload(150_500)
            yield* sender.send({ data, to: socket.localAddress, segmentSize: 1000 })
            yield* expectSegments(socket, data, 1000)
            expect((yield* sender.stats).sent).toBe(151n)
            const [tried, alone] = [cuts, singles]
            // The host is remembered, for any port. If only the size was the cause, a smaller payload may be
            // segmented.
            yield* sender.sendAll([{ data: data.subarray(0, 3000), to: socket.localAddress, segmentSize: 1000 }])
            yield* expectSegments(socket, data.subarray(0, 3000), 1000)
            expect([cuts, singles]).toEqual([tried, alone + 3])
            yield* sender.send({ data: data.subarray(0, 1400), to: socket.localAddress, segmentSize: 700 })
            yield* expectSegments(socket, data.subarray(0, 1400), 700)
            expect((yield* sender.stats).sent).toBe(156n)
          }).pipe(Effect.provide(over(hooks)))
        })
      }

    it.scopedLive("to a host that refused: segmentation is tried again after 1,024 datagrams", () => {
      let narrow = true
      let cuts = 0
      const hooks: FaultyDriver.Hooks = {
        onSend: ({ data }) => {
          if (data.length <= 100) return undefined
          cuts++
          return narrow ? fault("EMSGSIZE") : undefined
        }
      }
      return Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* Datagram.client(Datagram.ipv4)]
        const send = Effect.gen(function* () {
          const data = payload(6400)
          yield* sender.send({ data, to: socket.localAddress, segmentSize: 100 })
          yield* expectSegments(socket, data, 100)
          return cuts
        })
        const first = yield* send
        // Not tried for a while, then tried once, then not tried again.
        const seen: Array<number> = []
        for (let i = 0; i < 20; i++) seen.push((yield* send) - first)
        // Wine: the system does not segment, so the library does not try it.
        const isCut = (yield* sender.limits).segments > 1
        if (!isCut) expect(cuts).toBe(0)
        if (!isCut) return
        expect([seen[0], seen[10]]).toEqual([0, 0])
        expect(seen.at(-1)).toBeGreaterThan(0)
        expect(seen.at(-1)).toBeLessThan(4)
        narrow = false
        const before = cuts
        for (let i = 0; i < 20; i++) yield* send
        expect(cuts - before).toBeGreaterThan(1)
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("that fail one by one, too, fail with the sent bytes, and the host is not kept", () => {
      let broken = true
      const hooks: FaultyDriver.Hooks = {
        onSend: ({ data }) => (broken && data[0] !== payload(1)[0] ? fault("EINVAL") : undefined)
      }
      return Effect.gen(function* () {
        const [socket, sender] = [yield* receiver, yield* Datagram.client(Datagram.ipv4)]
        const data = payload(100_000)
        const error = yield* Effect.flip(sender.send({ data, to: socket.localAddress, segmentSize: 1000 }))
        expect(error).toMatchObject({ reason: "InvalidArgument", code: "EINVAL" })
        const went = error.sentBytes / 1000
        expect(went).toBeGreaterThan(0)
        expect(error.message).toContain(
          `Sending ${100_000 - error.sentBytes} bytes in segments of 1000 to ${socket.localAddress} failed`
        )
        expect(error.message).toContain(`The ${error.sentBytes} bytes before it went out.`)
        const seen = yield* read(socket, went)
        expect(prints(seen.map((each) => each.data))).toEqual(prints(cut(data, 1000).slice(0, went)))
        expect((yield* sender.stats).sent).toBe(BigInt(went))
        broken = false
        yield* sender.send({ data: data.subarray(error.sentBytes), to: socket.localAddress, segmentSize: 1000 })
        yield* expectSegments(socket, data.subarray(error.sentBytes), 1000)
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("without room: sent ones are counted, the rest waits, fails or is dropped", () => {
      let calls = 0
      let full = 0
      // The buffer is full from the second call on, for a while or forever.
      const hooks: FaultyDriver.Hooks = {
        onSend: ({ data }) => (data.length > 0 && ++calls > 1 && full-- > 0 ? 0 : undefined)
      }
      return Effect.gen(function* () {
        const socket = yield* receiver
        const data = payload(140_000)
        const start = (patience: number) => {
          calls = 0
          full = patience
        }
        start(3)
        const waiting = yield* Datagram.client(Datagram.ipv4)
        yield* waiting.send({ data, to: socket.localAddress, segmentSize: 1000 })
        yield* expectSegments(socket, data, 1000)
        start(1e9)
        const failing = yield* Datagram.client(Datagram.ipv4.pipe(withBackpressure("fail")))
        const error = yield* Effect.flip(failing.send({ data, to: socket.localAddress, segmentSize: 1000 }))
        expect(error.reason).toBe("WouldBlock")
        expect((yield* read(socket, error.sentBytes / 1000)).length).toBeGreaterThan(0)
        start(1e9)
        const dropping = yield* Datagram.client(Datagram.ipv4.pipe(withBackpressure("drop")))
        yield* dropping.send({ data, to: socket.localAddress, segmentSize: 1000 })
        const { sent, sendDropped } = yield* dropping.stats
        expect([sent > 0n, sent + sendDropped]).toEqual([true, 140n])
        yield* read(socket, Number(sent))
      }).pipe(Effect.provide(over(hooks)))
    })
  })
}

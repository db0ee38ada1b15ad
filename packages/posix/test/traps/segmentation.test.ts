/** Traps of sizes: messages of another width, and segmented or coalesced payloads. First the bare kernel, then ours. */
import { Codec } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  SocketOption,
  withCoalescedSize,
  withHopLimit,
  withMaximumDatagramSize,
  withSegmentation,
  withSocketOption,
  withTrafficClass
} from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option } from "effect"
import { hasIpv6 } from "../../../testing/machine.ts"
import { bound, int, message, ok, receiveRaw, sendRaw } from "../bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }
const IPPROTO_UDP = 17
const UDP_SEGMENT = 103
const UDP_GRO = 104
const short = (value: number) => Uint8Array.of(value & 255, value >> 8)

describe("trap 2: messages of another width", () => {
  it.scoped.runIf(hasIpv6())("bare kernel: a TTL or class of one byte, or a segment size of four, is EINVAL", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const [sender6, receiver6] = [yield* bound("ipv6"), yield* bound("ipv6")]
      const refused = [
        sendRaw(sender, receiver, one, message(sender, 0, 2, Uint8Array.of(9))),
        sendRaw(sender6, receiver6, one, message(sender6, 41, 67, Uint8Array.of(9))),
        sendRaw(sender, receiver, new Uint8Array(9), message(sender, IPPROTO_UDP, UDP_SEGMENT, int(3))),
        sender.socket.setOption(IPPROTO_UDP, UDP_SEGMENT, short(3))
      ]
      for (const answer of refused) expect(answer).toMatchObject({ code: "EINVAL" })
    })
  )
  it.scoped("ours: each has the width that the kernel requires", () =>
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withHopLimit(), withTrafficClass(), withSegmentation())
      const socket = yield* Datagram.bind(spec, at)
      const control = { hopLimit: 9, trafficClass: 0xb8, segmentSize: 3 }
      yield* socket.send({ data: new Uint8Array(7), to: socket.localAddress, control })
      const datagrams = Chunk.toReadonlyArray(yield* socket.receiveBatch)
      expect(datagrams.map(({ data }) => data.length)).toEqual([3, 3, 1])
      expect(datagrams.map(({ control }) => control)).toEqual(
        datagrams.map(() => ({ hopLimit: 9, trafficClass: 0xb8 }))
      )
      if (!hasIpv6()) return
      const spec6 = Datagram.ipv6.pipe(withHopLimit(), withTrafficClass(), withSegmentation())
      const socket6 = yield* Datagram.bind(spec6, { address: "::1", port: 0 })
      yield* socket6.send({ data: new Uint8Array(7), to: socket6.localAddress, control })
      const datagrams6 = Chunk.toReadonlyArray(yield* socket6.receiveBatch)
      expect(datagrams6.map(({ data }) => data.length)).toEqual([3, 3, 1])
      expect(datagrams6[0]?.control).toEqual({ hopLimit: 9, trafficClass: 0xb8 })
    }).pipe(Effect.provide(layer))
  )
})

describe("a socket with a segment size of its own", () => {
  const row = { level: IPPROTO_UDP, option: UDP_SEGMENT, codec: Codec.int32 }
  const absent = { unsupported: "it is tried on Linux" }
  const ownSegments = SocketOption.define<number, "ipv4">({
    name: "UDP_SEGMENT",
    table: { linux: { ipv4: row }, darwin: { ipv4: absent }, winsock: { ipv4: absent } }
  })
  const spec = Datagram.ipv4.pipe(withHopLimit(), withSocketOption(ownSegments, 100))

  it.scoped("bare kernel: it segments each datagram without a size; size 0 prevents it", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      expect(sender.socket.setOption(IPPROTO_UDP, UDP_SEGMENT, int(100))).toBeUndefined()
      const lengths = (count: number) => Array.from({ length: count }, () => receiveRaw(receiver, 0).length)
      expect(sendRaw(sender, receiver, new Uint8Array(300))).toBe(1)
      expect(lengths(3)).toEqual([100, 100, 100])
      expect(sendRaw(sender, receiver, new Uint8Array(300), message(sender, IPPROTO_UDP, UDP_SEGMENT, short(0)))).toBe(
        1
      )
      expect(lengths(1)).toEqual([300])
    })
  )

  for (const cut of ["cut by the kernel", "refused by the kernel"] as const)
    it.scoped(`ours, ${cut}: segments have the size that the send gives`, () => {
      const refusing = Effect.map(LinuxSockets.driver({ guarded: true }), (driver) =>
        FaultyDriver.wrap(driver, {
          onSend: ({ data }) =>
            cut === "refused by the kernel" && data.length > 1000
              ? { syscall: "sendmmsg", code: "EINVAL", errno: 22 }
              : undefined
        })
      )
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4, at)
        const sender = yield* Datagram.client(spec)
        for (const [size, expected] of [
          [300, [300]],
          [1000, [1000]],
          [2300, [1000, 1000, 300]]
        ] as const)
          for (const hopLimit of [undefined, 9]) {
            const control = { hopLimit }
            yield* sender.send({ data: new Uint8Array(size), to: socket.localAddress, segmentSize: 1000, control })
            const seen = yield* Effect.replicateEffect(socket.receive, expected.length)
            expect(seen.map(({ data }) => data.length)).toEqual(expected)
            expect((yield* socket.receiveWithin(0))._tag).toBe("None")
          }
        yield* sender.send({ data: new Uint8Array(250), to: socket.localAddress })
        expect((yield* Effect.replicateEffect(socket.receive, 3)).map(({ data }) => data.length)).toEqual([
          100, 100, 50
        ])
      }).pipe(Effect.provide(DatagramSockets.layer(refusing, LinuxSockets.capabilities)))
    })
})

describe("trap 27: segments and bytes have separate limits", () => {
  it.scoped("bare kernel: more than 128 segments are EINVAL, too many bytes EMSGSIZE", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const cut = (bytes: number, size: number) =>
        sendRaw(sender, receiver, new Uint8Array(bytes), message(sender, IPPROTO_UDP, UDP_SEGMENT, short(size)))
      expect(cut(128, 1)).toBe(1)
      expect(cut(129, 1)).toMatchObject({ code: "EINVAL" })
      expect(cut(65_508, 1400)).toMatchObject({ code: "EMSGSIZE" })
    })
  )
  it.scoped("ours: a typed error that names the field, and the socket is usable", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withSegmentation()), at)
      const send = (bytes: number, segmentSize: number) =>
        socket.send({ data: new Uint8Array(bytes), to: socket.localAddress, control: { segmentSize } })
      const many = yield* Effect.flip(send(129, 1))
      expect(many).toMatchObject({
        reason: "InvalidArgument",
        code: "EINVAL",
        field: Option.some("control.segmentSize")
      })
      expect(many.message).toContain("segmentSize")
      expect(yield* Effect.flip(send(65_508, 1400))).toMatchObject({ reason: "MessageTooLarge", code: "INVALID" })
      expect(yield* Effect.flip(send(9, 0))).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
      yield* send(4, 2)
      expect(Chunk.size(yield* socket.receiveBatch)).toBe(2)
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 28: coalesced payloads", () => {
  it.scoped("bare kernel: turning coalescing off leaves a queued payload without its size", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(receiver.socket.setOption(IPPROTO_UDP, UDP_GRO, int(1)))
      const three = () =>
        sendRaw(sender, receiver, new Uint8Array(300), message(sender, IPPROTO_UDP, UDP_SEGMENT, short(100)))
      three()
      const merged = receiveRaw(receiver, 64)
      expect([merged.length, merged.messages[0]?.payload]).toEqual([300, int(100)])
      three()
      ok(receiver.socket.setOption(IPPROTO_UDP, UDP_GRO, int(0)))
      const sizeless = receiveRaw(receiver, 64)
      expect([sizeless.length, sizeless.messages]).toEqual([300, []])
    })
  )
  it.scoped("bare kernel: a small slot loses segments; loopback coalesces no plain datagrams", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(receiver.socket.setOption(IPPROTO_UDP, UDP_GRO, int(1)))
      sendRaw(sender, receiver, new Uint8Array(300), message(sender, IPPROTO_UDP, UDP_SEGMENT, short(100)))
      const cut = receiveRaw(receiver, 64, 150)
      expect([cut.length, cut.flags]).toEqual([300, ReceiveFlags.dataTruncated])
      expect(receiveRaw(receiver, 64).count).toBe(0)
      for (let i = 0; i < 3; i++) sendRaw(sender, receiver, new Uint8Array(100))
      expect([receiveRaw(receiver, 64).length, receiveRaw(receiver, 64).messages]).toEqual([100, []])
    })
  )
  it.scoped("ours: coalesced payloads have their size, and cut ones are faults", () =>
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withCoalescedSize())
      const socket = yield* Datagram.bind(spec, at)
      const small = yield* Datagram.bind(spec.pipe(withMaximumDatagramSize(150)), at)
      const sender = yield* Datagram.client(Datagram.ipv4.pipe(withSegmentation()))
      for (const { localAddress } of [socket, small])
        yield* sender.send({ data: new Uint8Array(250), to: localAddress, control: { segmentSize: 100 } })
      yield* sender.send({ data: new Uint8Array(7), to: socket.localAddress })
      const [merged, plain] = [yield* socket.receive, yield* socket.receive]
      expect([merged.data.length, merged.control.coalescedSize]).toEqual([250, Option.some(100)])
      expect([plain.data.length, plain.control.coalescedSize]).toEqual([7, Option.none()])
      expect(yield* Effect.flip(small.receive)).toMatchObject({ reason: "DataTruncated" })
      expect(yield* small.stats).toMatchObject({ dequeued: 1n, delivered: 0n, faults: { DataTruncated: 1n } })
    }).pipe(Effect.provide(layer))
  )
})

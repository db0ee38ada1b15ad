/**
 * An invalid datagram never stops a socket: each is a counted, typed outcome of that datagram only. The wrapper changes
 * datagrams of the real driver.
 */
import { describe, expect, it } from "@effect/vitest"
import { Datagram, type DatagramFault, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Chunk, Effect, Option, Stream } from "effect"
import type { ReceivedSlot } from "../FaultyDriver.ts"
import { type Bench, bytes, text } from "./bench.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
const bind = Datagram.bind(spec, { address: "127.0.0.1", port: 0 })

/** The change of a hook to the datagram in the middle, and its required result. */
const bent: ReadonlyArray<
  readonly [string, (slot: ReceivedSlot) => void, DatagramFault["reason"], string | undefined]
> = [
  ["no control data at all", (slot) => void (slot.controlLength = 0), "ControlMissing", "pktInfo"],
  [
    "control data that was cut",
    (slot) => void (slot.flags |= ReceiveFlags.controlTruncated),
    "ControlTruncated",
    undefined
  ],
  ["a header that declares too little", (slot) => void slot.control.fill(0, 0, 8), "ControlMalformed", undefined],
  ["a header that declares 2^64 - 1 bytes", (slot) => void slot.control.fill(255, 0, 8), "ControlMalformed", undefined],
  ["a message of another length", (slot) => void (slot.control[0] = 17), "ControlMalformed", "pktInfo"],
  ["half a header", (slot) => void (slot.controlLength = 9), "ControlMalformed", undefined],
  ["a peer of no known family", (slot) => void slot.address.fill(99, 0, 2), "ControlMalformed", undefined],
  ["a peer that was cut", (slot) => void (slot.addressLength = 3), "ControlMalformed", undefined],
  ["no peer at all", (slot) => void (slot.addressLength = 0), "ControlMalformed", undefined],
  ["a payload that was cut", (slot) => void (slot.flags |= ReceiveFlags.dataTruncated), "DataTruncated", undefined]
]

export const faults = ({ facts, fault, outcome, over, passesOver, receive }: Bench): void => {
  describe("faults", () => {
    for (const [what, bend, reason, key] of bent) {
      it.scopedLive(`${what}: a fault of that datagram, with every way of reading`, () => {
        const hook = (slot: ReceivedSlot) => {
          if (slot.data[0] === 0x62) bend(slot)
        }
        return Effect.gen(function* () {
          const [sender, socket] = [yield* bind, yield* bind]
          const send = Effect.forEach(["a", "b", "c"], (each) =>
            sender.send({ data: bytes(each), to: socket.localAddress })
          )

          yield* send
          expect(text((yield* Effect.flatten(outcome(socket))).data)).toBe("a")
          const message: unknown = expect.stringMatching(/.{20}/)
          yield* fault(socket, { _tag: "DatagramFault", reason, key: Option.fromNullable(key), message })
          expect(text((yield* receive(socket)).data)).toBe("c")

          // Streams omit it without an error, and so do batches and loops.
          yield* send
          const streamed = yield* Stream.runCollect(Stream.take(socket.datagrams, 2))
          expect(Chunk.toReadonlyArray(streamed).map(({ data }) => text(data))).toEqual(["a", "c"])
          yield* send
          expect(text((yield* receive(socket)).data)).toBe("a")
          if (!passesOver) expect(yield* Effect.flip(receive(socket))).toMatchObject({ _tag: "DatagramFault", reason })
          expect(text((yield* receive(socket)).data)).toBe("c")

          const stats = yield* socket.stats
          expect(stats.faults[reason]).toBe(3n)
          expect([stats.dequeued, stats.delivered]).toEqual([9n, 6n])
        }).pipe(Effect.provide(over({ onReceived: hook })))
      })
    }

    const said = (code: string): Fault => ({ syscall: facts.syscalls.receive, code, errno: 1 })

    it.scopedLive("an ICMP error fails one receive, and no call that returns several datagrams", () => {
      let pending: Array<Fault> = []
      return Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        for (const [code, reason] of [
          ["ECONNREFUSED", "ConnectionRefused"],
          ["WSAECONNRESET", "ConnectionRefused"],
          ["EHOSTUNREACH", "Unreachable"],
          ["EMSGSIZE", "MessageTooLarge"]
        ] as const) {
          yield* sender.send({ data: bytes("x"), to: socket.localAddress })
          pending = [said(code)]
          if (!passesOver)
            expect(yield* Effect.flip(receive(socket))).toMatchObject({ _tag: "DatagramReceiveError", reason, code })
          expect(text((yield* receive(socket)).data)).toBe("x")

          yield* sender.send({ data: bytes("y"), to: socket.localAddress })
          pending = [said(code), said(code)]
          const [first] = yield* Stream.runCollect(Stream.take(socket.datagrams, 1))
          expect(text(first?.data ?? bytes(""))).toBe("y")
        }
        expect((yield* socket.stats).asyncErrors).toBe(passesOver ? 12n : 8n)
      }).pipe(Effect.provide(over({ onReceive: () => pending.shift() })))
    })

    it.scopedLive("an unknown error ends a read and a stream, with its code", () => {
      let pending: Array<Fault> = []
      return Effect.gen(function* () {
        const socket = yield* bind
        const reads: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
          receive(socket),
          Stream.runDrain(socket.datagrams)
        ]
        for (const read of reads) {
          pending = [said("ENOTRECOVERABLE")]
          const error = yield* Effect.flip(read)
          expect(error).toMatchObject({ _tag: "DatagramReceiveError", reason: "Other", code: "ENOTRECOVERABLE" })
        }
      }).pipe(Effect.provide(over({ onReceive: () => pending.shift() })))
    })

    it.scopedLive("a full send buffer: the send waits, and continues when there is room", () => {
      let full = 2
      return Effect.gen(function* () {
        const [sender, socket] = [yield* bind, yield* bind]
        yield* sender.send({ data: bytes("x"), to: socket.localAddress })
        expect(text((yield* receive(socket)).data)).toBe("x")
        expect(full).toBe(0)
      }).pipe(Effect.provide(over({ onSend: () => (full > 0 ? ((full--, 0) as 0) : undefined) })))
    })

    it.scopedLive("a socket is closed if an option cannot be set", () => {
      let opened = 0
      let closed = 0
      const counted = {
        onOpen: () => {
          opened++
          return undefined
        },
        onClose: () => void closed++,
        onBind: () => ({ syscall: "bind", code: "EADDRINUSE", errno: 98 })
      }
      return Effect.gen(function* () {
        expect(yield* Effect.flip(bind)).toMatchObject({ reason: "AddressInUse" })
        expect([opened, closed]).toEqual([1, 1])
      }).pipe(Effect.provide(over(counted)))
    })
  })
}

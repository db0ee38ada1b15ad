/** Features of Linux that some platforms lack, on real sockets. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withBindToDevice, withDropCount, withReceiveBufferSize, withTimestamp } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"

const at = { address: "127.0.0.1", port: 0 }

it.scopedLive("the drop count is absent until the first drop, then the number of drops", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withDropCount(), withReceiveBufferSize(4096)), at)
    const sender = yield* Datagram.bind(Datagram.ipv4, at)
    const burst = Effect.repeatN(sender.send({ data: new Uint8Array(500), to: socket.localAddress }), 99)
    const drain = Effect.gen(function* () {
      const counts: Array<Option.Option<number>> = []
      for (;;) {
        const next = yield* socket.receiveWithin(0)
        if (Option.isNone(next)) return counts
        counts.push(next.value.control.dropCount)
      }
    })
    yield* burst
    const first = yield* drain
    expect(first.every(Option.isNone)).toBe(true)
    expect(first.length).toBeLessThan(100)
    yield* sender.send({ data: new Uint8Array(500), to: socket.localAddress })
    expect(yield* drain).toEqual([Option.some(100 - first.length)])
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a timestamp lies between the clock before sending and after receiving", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTimestamp()), at)
    const before = BigInt(Date.now()) * 1_000_000n
    yield* socket.send({ data: Uint8Array.of(1), to: socket.localAddress })
    const { control } = yield* socket.receive
    const stamp = Option.getOrThrow(control.timestamp)
    expect(stamp >= before - 1_000_000n).toBe(true)
    expect(stamp <= BigInt(Date.now() + 1) * 1_000_000n).toBe(true)
  }).pipe(Effect.provide(LinuxSockets.layer))
)

it.scopedLive("a socket on a device exchanges over it", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("lo")), at)
    yield* socket.send({ data: Uint8Array.of(7), to: socket.localAddress })
    expect((yield* socket.receive).data).toEqual(Uint8Array.of(7))
  }).pipe(Effect.provide(LinuxSockets.layer))
)

/** One read with given sizes: of coalesced payloads, and of datagrams with descriptors. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withCoalescing, withRights, withTruncation } from "@ancillary/effect3"
import { expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { files, leakingNothing } from "./files.ts"
import { openDescriptors, openDescriptorsAre } from "./process.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)

it.scopedLive("sizes of one read split each datagram of a coalesced payload, and no more", () =>
  Effect.gen(function* () {
    const spec = Datagram.ipv4.pipe(withCoalescing(), withTruncation("deliver"))
    const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
    const client = yield* Datagram.client(Datagram.ipv4)
    const data = Uint8Array.from({ length: 250 }, (_, index) => index)
    yield* client.send({ data, to: socket.localAddress, segmentSize: 100 })
    const [first, second] = [yield* socket.receiveScattered(10, 90), yield* socket.receiveScattered(30, 40)]
    const third = yield* socket.receiveScattered(20, 20, 20)
    expect(first.parts).toEqual([data.subarray(0, 10), data.subarray(10, 100)])
    expect([second.data, ...second.parts]).toEqual([
      data.subarray(100, 170),
      data.subarray(100, 130),
      data.subarray(130, 170)
    ])
    expect(third.parts).toEqual([data.subarray(200, 220), data.subarray(220, 240), data.subarray(240)])
    expect(yield* socket.stats).toMatchObject({ dequeued: 3n, delivered: 3n, putBack: 0n })
  }).pipe(Effect.provide(layer))
)

it.live.each(["fail", "drop", "deliver"] as const)(
  "under '%s', descriptors of a datagram that one read cannot hold are closed",
  (how) =>
    leakingNothing(
      Effect.gen(function* () {
        const spec = Datagram.unix.pipe(withRights({ maximum: 1 }), withTruncation(how))
        const [sender, receiver] = yield* Datagram.pair(spec)
        const rights = yield* files(1)
        const before = openDescriptors()
        yield* sender.send({ data: Uint8Array.of(1, 2, 3), control: { rights } })
        if (how === "drop") yield* sender.send({ data: Uint8Array.of(4) })
        const read = Effect.match(receiver.receiveScattered(1, 1), {
          onFailure: ({ reason }) => reason,
          onSuccess: ({ control, parts }) => [...parts, ...control.rights.map(({ state }) => state)]
        })
        const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)]
        expect(yield* read).toEqual(
          { fail: "DataTruncated", drop: [Uint8Array.of(4), new Uint8Array(0)], deliver: [one, two, "untaken"] }[how]
        )
        if (how === "deliver") yield* receiver.receiveWithin(0)
        yield* openDescriptorsAre(before)
      })
    )
)

/** Mistakes that other libraries have shipped, each with its report, and the behaviour of a declared socket instead. */
import { describe, expect, it } from "@effect/vitest"
import { Codec, type ControlMessage, define } from "@ancillary/control"
import {
  Datagram,
  withControlMessage,
  withDscp,
  withEcn,
  withHopLimit,
  withMaximumDatagramSize,
  withNextHop,
  withOptional,
  withPktInfo
} from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { Effect, Either, Option } from "effect"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "127.0.0.1", port: 0 }

export const reportedBugs = ({ facts, fault, layer, outcome, over, receive }: Bench): void => {
  describe("mistakes of others", () => {
    it.scopedLive("mistake: a missing ECN read as not-ect (apple/swift-nio); ours is a fault", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withEcn()), at)
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        yield* fault(socket, { reason: "ControlMissing", key: Option.some("ecn") })
      }).pipe(Effect.provide(over({ onReceived: (slot) => void (slot.controlLength = 0) })))
    )

    it.scopedLive.runIf(facts.families.length === 2)(
      "mistake: a guessed control buffer that is too small (noq 778, s2n-quic 1819)",
      () =>
        Effect.gen(function* () {
          const peers = [yield* Datagram.client(Datagram.ipv4), yield* Datagram.client(Datagram.ipv6)] as const
          // Without other messages, the two packet informations of one datagram have no space of another message to
          // use.
          const few = Datagram.dual.pipe(withPktInfo())
          const sockets = [
            yield* Datagram.bind(few, { address: "::", port: 0 }),
            yield* Datagram.bind(few.pipe(withHopLimit(), withEcn(), withDscp()), { address: "::", port: 0 })
          ]
          for (const socket of sockets) {
            const { port } = socket.localAddress
            yield* peers[0].send({ data: bytes("4"), to: { address: "127.0.0.1", port } })
            yield* peers[1].send({ data: bytes("6"), to: { address: "::1", port } })
            for (let i = 0; i < 2; i++) yield* receive(socket)
            expect(yield* socket.stats).toMatchObject({
              delivered: 2n,
              faults: { ControlTruncated: 0n, ControlMissing: 0n }
            })
          }
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive("mistake: a batch that is read without control buffers (netty/netty 17492)", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())
        const socket = yield* Datagram.bind(spec, at)
        for (const each of ["a", "b", "c"]) yield* socket.send({ data: bytes(each), to: socket.localAddress })
        const batch = yield* Effect.replicateEffect(receive(socket), 3)
        expect(batch.map(({ data }) => text(data))).toEqual(["a", "b", "c"])
        for (const { control } of batch) {
          expect(control.hopLimit).toBe(facts.hopLimit.ipv4)
          expect(control.pktInfo.interfaceIndex).toBeGreaterThan(0)
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("mistake: a decoded length that includes the header (compio-rs/compio)", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withControlMessage(rawHopLimit)), at)
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        expect([...(yield* receive(socket)).control.rawHopLimit]).toEqual([facts.hopLimit.ipv4, 0, 0, 0])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive.runIf(facts.families.includes("ipv6"))(
      "mistake: a next hop that is silently dropped (golang/net); ours is rejected",
      () =>
        Effect.gen(function* () {
          const spec = Datagram.ipv6.pipe(withOptional(withNextHop()))
          const socket = yield* Datagram.bind(spec, { address: "::1", port: 0 })
          const to = socket.localAddress
          const control = { nextHop: "fe80::1%1" }
          const error = yield* Effect.flip(socket.send({ data: bytes("by a router"), to, control }))
          expect(error).toMatchObject({ reason: "Unsupported", field: Option.some("control.nextHop") })
          yield* socket.send({ data: bytes("by the routes"), to })
          expect(text((yield* socket.receive).data)).toBe("by the routes")
        }).pipe(Effect.provide(layer))
    )

    it.scopedLive("mistake: options of the other family, which may fail (quinn-rs/quinn 2682)", () => {
      const levels = new Set<number>()
      const hooks = {
        onSetOption: (level: number) => {
          levels.add(level)
          return undefined
        }
      }
      const [ip, ipv6] = [0, 41]
      return Effect.gen(function* () {
        yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn()), at)
        expect([...levels]).toEqual([ip])
        if (!facts.families.includes("ipv6")) return
        levels.clear()
        yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo(), withHopLimit(), withEcn()), { address: "::1", port: 0 })
        expect([...levels]).toEqual([ipv6])
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("mistake: uncounted (envoy 33474) or fatal (denoland/deno 7355) truncation", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(8)), at)
        const sender = yield* Datagram.client(Datagram.ipv4)
        for (const each of ["much too long", "fits", "again too long", "and fits"])
          yield* sender.send({ data: bytes(each), to: socket.localAddress })
        const seen = yield* Effect.replicateEffect(outcome(socket), 4)
        expect(seen.map(Either.match({ onLeft: ({ reason }) => reason, onRight: ({ data }) => text(data) }))).toEqual([
          "DataTruncated",
          "fits",
          "DataTruncated",
          "and fits"
        ])
        expect(yield* socket.stats).toMatchObject({ dequeued: 4n, delivered: 2n, faults: { DataTruncated: 2n } })
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("mistake: a wrong sender of a cut datagram (dotnet/runtime 46785); ours: none", () =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(8)), at)
        yield* socket.send({ data: bytes("12345678"), to: socket.localAddress })
        yield* fault(socket, { _tag: "DatagramFault", reason: "ControlMalformed", from: Option.none() })
        expect(yield* socket.stats).toMatchObject({ dequeued: 1n, delivered: 0n })
      }).pipe(
        Effect.provide(
          over({
            onReceived: (slot) => {
              slot.addressLength = 0
              slot.flags |= ReceiveFlags.dataTruncated
            }
          })
        )
      )
    )
  })
}

/** The IPv4 TTL as the bytes of its payload. */
interface RawHopLimit extends ControlMessage<"rawHopLimit", "ipv4"> {
  readonly received: { readonly rawHopLimit: Uint8Array }
}
const arriving = (option: number, type: number) => ({
  ipv4: {
    request: [{ level: 0, option, value: 1 }],
    receive: [{ level: 0, type, payload: Codec.bytes({ maximum: 16 }) }]
  }
})
const rawHopLimit = define<RawHopLimit>({
  key: "rawHopLimit",
  presence: "required",
  table: { linux: arriving(12, 2), winsock: arriving(21, 4), darwin: { ipv4: { unsupported: "not tried there" } } }
})

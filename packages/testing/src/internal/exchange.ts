/** Sent datagrams arrive, with the control messages of the kernel. */
import { describe, expect, it } from "@effect/vitest"
import { type Codec, ControlBuffer, define, type ControlMessage, Ipv4Address } from "@ancillary/control"
import {
  Datagram,
  SocketOption,
  withControlMessage,
  withDropCount,
  withDscp,
  withEcn,
  withHopLimit,
  withMaximumDatagramSize,
  withOptional,
  withOriginalArrivalInterface,
  withPktInfo,
  withTimestamp,
  withTruncation
} from "@ancillary/effect3"
import { Effect, Option } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes, text } from "./bench.ts"

const loopbacks = [
  { family: "ipv4", any: "0.0.0.0", loopback: "127.0.0.1" },
  { family: "ipv6", any: "::", loopback: "::1" }
] as const

export const exchange = ({ driver, facts, fault, layer, over, receive }: Bench): void => {
  describe("exchange", () => {
    const families = loopbacks.filter(({ family }) => facts.families.includes(family))
    const bothFamilies = families.length === loopbacks.length
    for (const { any, family, loopback } of families) {
      const spec = (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
      const both = Effect.gen(function* () {
        const full = spec.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp())
        const server = yield* Datagram.bind(full, { address: any, port: 0 })
        const client = yield* Datagram.bind(full, { address: loopback, port: 0 })
        return { server, client, to: { address: loopback, port: server.localAddress.port } }
      })

      it.scopedLive(`${family}: payload, peer, local address, interface and hop limit of a datagram`, () =>
        Effect.gen(function* () {
          const { client, server, to } = yield* both
          yield* client.send({ data: bytes("hello"), to })
          const datagram = yield* receive(server)
          expect(text(datagram.data)).toBe("hello")
          expect(String(datagram.from)).toBe(String(client.localAddress))
          expect(String(datagram.control.pktInfo.destination)).toBe(loopback)
          expect(datagram.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
          expect(datagram.control.hopLimit).toBe(facts.hopLimit[family])
          expect(datagram.control.ecn).toBe("not-ect")
          expect(datagram.control.dscp).toBe(0)
          expect(datagram.delivery).toBe("unicast")
          expect(Option.isNone(datagram.truncated)).toBe(true)
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${family}: sent control data is ${facts.sentControl}`, () =>
        Effect.gen(function* () {
          const { client, server, to } = yield* both
          yield* client.send({ data: bytes("x"), to, control: { hopLimit: 3, dscp: 46, ecn: "ect0" } })
          const { control } = yield* receive(server)
          const seen = { hopLimit: control.hopLimit, dscp: control.dscp, ecn: control.ecn }
          expect(seen).toEqual(
            facts.sentControl === "honoured"
              ? { hopLimit: 3, dscp: 46, ecn: "ect0" }
              : { hopLimit: facts.hopLimit[family], dscp: 0, ecn: "not-ect" }
          )
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${family}: the sent control buffer has exactly the requested messages`, () => {
        const sent: Array<FaultyDriver.SentDatagram> = []
        return Effect.gen(function* () {
          const { client, server, to } = yield* both
          const { abi } = yield* driver
          yield* client.send({ data: bytes("x"), to, control: { hopLimit: 3, pktInfo: { source: loopback } } })
          yield* client.send({ data: bytes("y"), to })
          yield* receive(server)
          const [first, second] = sent
          const { malformed, messages } = ControlBuffer.toMessages(abi, first?.control ?? new Uint8Array(0))
          expect(malformed).toBeUndefined()
          expect(messages).toHaveLength(2)
          expect(messages[0]?.payload).toEqual(Uint8Array.of(3, 0, 0, 0))
          expect(first?.control.length).toBe(
            messages.reduce((sum, { payload }) => sum + ControlBuffer.space(abi, payload.length), 0)
          )
          expect(second?.control.length).toBe(0)
        }).pipe(Effect.provide(over({ onSend: (datagram) => void sent.push(datagram) })))
      })

      it.scopedLive(`${family}: half of the class byte keeps the socket's other half`, () =>
        Effect.gen(function* () {
          const { client, server, to } = yield* both
          const honoured = facts.sentControl === "honoured"
          // 46 above ECT(1). With 0, a value that is kept and a value that is erased would be equal.
          const isSet = honoured && facts.options.lacks["withDefaultTrafficClass"] === undefined
          if (isSet) yield* client.setOption(SocketOption.defaultTrafficClass, 0xb9)
          yield* client.send({ data: bytes("x"), to, control: { ecn: "ce" } })
          yield* client.send({ data: bytes("y"), to, control: { dscp: 10 } })
          const first = yield* receive(server)
          const second = yield* receive(server)
          expect([first.control.ecn, first.control.dscp]).toEqual(
            isSet ? ["ce", 46] : honoured ? ["ce", 0] : ["not-ect", 0]
          )
          expect([second.control.ecn, second.control.dscp]).toEqual(
            isSet ? ["ect1", 10] : ["not-ect", honoured ? 10 : 0]
          )
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${family}: an empty datagram is a datagram`, () =>
        Effect.gen(function* () {
          const { client, server, to } = yield* both
          yield* client.send({ data: new Uint8Array(0), to })
          yield* client.send({ data: [], to })
          for (const datagram of [yield* receive(server), yield* receive(server)]) {
            expect(datagram.data).toEqual(new Uint8Array(0))
            expect(datagram.control.hopLimit).toBe(facts.hopLimit[family])
          }
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${family}: the largest datagram arrives whole, and several pieces as one`, () =>
        Effect.gen(function* () {
          const { client, server, to } = yield* both
          const whole = Uint8Array.from({ length: facts.largest[family] }, (_, i) => i * 31)
          yield* client.send({ data: [whole.subarray(0, 1), whole.subarray(1, 40_000), whole.subarray(40_000)], to })
          expect((yield* receive(server)).data).toEqual(whole)
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive(`${family}: by the spec a cut datagram is a fault, delivered short, or dropped`, () =>
        Effect.gen(function* () {
          const client = yield* Datagram.bind(spec, { address: loopback, port: 0 })
          const small = spec.pipe(withHopLimit(), withMaximumDatagramSize(4))
          const bound = { address: loopback, port: 0 }
          const failing = yield* Datagram.bind(small, bound)
          const delivering = yield* Datagram.bind(small.pipe(withTruncation("deliver")), bound)
          const dropping = yield* Datagram.bind(small.pipe(withTruncation("drop")), bound)
          for (const socket of [failing, delivering, dropping]) {
            yield* client.send({ data: bytes("too long"), to: socket.localAddress })
            yield* client.send({ data: bytes("fits"), to: socket.localAddress })
          }
          yield* fault(failing, { _tag: "DatagramFault", reason: "DataTruncated" })
          expect(text((yield* receive(failing)).data)).toBe("fits")

          const short = yield* receive(delivering)
          expect(text(short.data)).toBe("too ")
          expect(short.control.hopLimit).toBe(facts.hopLimit[family])
          expect(Option.map(short.truncated, ({ size }) => Option.getOrUndefined(size))).toEqual(
            Option.some(facts.tellsTrueSize ? 8 : undefined)
          )
          expect(text((yield* receive(delivering)).data)).toBe("fits")

          expect(text((yield* receive(dropping)).data)).toBe("fits")
          expect(yield* failing.stats).toMatchObject({ dequeued: 2n, delivered: 1n, faults: { DataTruncated: 1n } })
          expect(yield* dropping.stats).toMatchObject({ dequeued: 2n, delivered: 1n, dropped: 1n })
        }).pipe(Effect.provide(layer))
      )
    }

    it.scopedLive("a reply is sent from the requested address", () => {
      const sent: Array<FaultyDriver.SentDatagram> = []
      return Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withPktInfo())
        const { abi } = yield* driver
        const server = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 0 })
        const client = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
        const { port } = server.localAddress
        yield* client.send({ data: bytes("who?"), to: { address: "127.0.0.2", port } })
        const asked = yield* receive(server)
        expect(String(asked.control.pktInfo.destination)).toBe("127.0.0.2")
        yield* Datagram.reply(server, asked, bytes("me"))
        const answer = yield* receive(client)
        expect(String(answer.from)).toBe(facts.sentControl === "honoured" ? `127.0.0.2:${port}` : `127.0.0.1:${port}`)
        // The sent message has the source and no interface, whether or not the system applies it.
        const { messages } = ControlBuffer.toMessages(abi, sent[1]?.control ?? new Uint8Array(0))
        expect(messages).toHaveLength(1)
        const address = Ipv4Address.of(127, 0, 0, 2).value
        const payload = new DataView((messages[0]?.payload ?? new Uint8Array(12)).slice().buffer)
        expect(abi.platform === "winsock" ? payload.getUint32(0) : payload.getUint32(4)).toBe(address)
        expect(abi.platform === "winsock" ? payload.getUint32(4) : payload.getUint32(0)).toBe(0)
      }).pipe(Effect.provide(over({ onSend: (datagram) => void sent.push(datagram) })))
    })

    it.scopedLive("IPv4: a reply with a refused source is sent without it, and counted", () => {
      const sent: Array<FaultyDriver.SentDatagram> = []
      let refuse = false
      const onSend = (datagram: FaultyDriver.SentDatagram) => {
        sent.push(datagram)
        return refuse && sent.length === 2
          ? { syscall: facts.syscalls.send, code: "WSAEINVAL", errno: 10_022 }
          : undefined
      }
      return Effect.gen(function* () {
        const bind = Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "127.0.0.1", port: 0 })
        const [socket, client] = [yield* bind, yield* bind]
        yield* client.send({ data: bytes("who?"), to: socket.localAddress })
        const asked = yield* receive(socket)
        refuse = true
        yield* Datagram.reply(socket, asked, bytes("me"))
        expect(text((yield* receive(client)).data)).toBe("me")
        // The message has an interface, because without a source the datagram would leave from 0.0.0.0.
        expect(sent[1]?.control).not.toHaveLength(0)
        expect(sent[2]?.control).toHaveLength(0)
        expect((yield* socket.stats).sourceRefused).toBe(1n)
      }).pipe(Effect.provide(over({ onSend })))
    })

    it.scopedLive.runIf(bothFamilies)("a dual socket receives from both families, and sends to each in its own", () =>
      Effect.gen(function* () {
        const dual = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withEcn())
        const server = yield* Datagram.bind(dual, { address: "::", port: 0 })
        const { port } = server.localAddress
        for (const { family, loopback } of families) {
          const spec = (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
          const client = yield* Datagram.bind(spec.pipe(withHopLimit()), { address: loopback, port: 0 })
          yield* client.send({ data: bytes("x"), to: { address: loopback, port }, control: { hopLimit: 5 } })
          const asked = yield* receive(server)
          expect(asked.from.family).toBe(family)
          expect(String(asked.control.pktInfo.destination)).toBe(loopback)
          expect(asked.control.hopLimit).toBe(facts.sentControl === "honoured" ? 5 : facts.hopLimit[family])
          yield* server.send({ data: bytes("y"), to: asked.from, control: { hopLimit: 6, ecn: "ect1" } })
          expect((yield* receive(client)).control.hopLimit).toBe(
            facts.sentControl === "honoured" ? 6 : facts.hopLimit[family]
          )
          yield* Datagram.reply(server, asked, bytes("z"))
          expect(text((yield* receive(client)).data)).toBe("z")
        }
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("an optional unsupported message is declined with its reason, and cannot be sent", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(
          withOptional(withOriginalArrivalInterface()),
          withOptional(withTimestamp()),
          withOptional(withDropCount()),
          withOptional(withHopLimit())
        )
        const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
        for (const { key, why } of socket.declined) if (key in facts.lacks) expect(why).toBe(facts.lacks[key])
        const lacking = ["originalArrivalInterface", "timestamp", "dropCount"].filter((key) => key in facts.lacks)
        expect(socket.declined.map(({ key }) => key)).toEqual(expect.arrayContaining(lacking))
        yield* socket.send({ data: bytes("x"), to: socket.localAddress })
        const { control } = yield* receive(socket)
        expect(control.hopLimit).toEqual(Option.some(facts.hopLimit.ipv4))
        expect(Option.isNone(control.originalArrivalInterface)).toBe(true)
        expect(Option.isNone(control.dropCount)).toBe(true)
        expect(Option.isSome(control.timestamp)).toBe(!("timestamp" in facts.lacks))
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a message that a program defines works as a built-in one", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withControlMessage(ownHopLimit))
        const server = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
        yield* server.send({ data: bytes("x"), to: server.localAddress, control: { ttl: 9 } })
        expect((yield* receive(server)).control.ttl).toBe(facts.sentControl === "honoured" ? 9 : facts.hopLimit.ipv4)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a connected socket receives from and sends to only its peer", () =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withHopLimit())
        const peer = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
        const stranger = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
        const socket = yield* Datagram.connect(spec, peer.localAddress)
        yield* socket.send({ data: bytes("ping"), control: { hopLimit: 4 } })
        const ping = yield* receive(peer)
        expect(ping.control.hopLimit).toBe(facts.sentControl === "honoured" ? 4 : facts.hopLimit.ipv4)
        yield* stranger.send({ data: bytes("hey"), to: ping.from })
        yield* peer.send({ data: bytes("pong"), to: ping.from })
        const pong = yield* receive(socket)
        expect([text(pong.data), String(pong.from)]).toEqual(["pong", String(peer.localAddress)])
        expect(String(socket.peer)).toBe(String(peer.localAddress))
        const wrong = yield* Effect.flip(socket.send({ data: bytes("x"), to: stranger.localAddress } as never))
        expect(wrong.message).toBe(
          `to: this socket is connected to ${String(peer.localAddress)} and sends only to that peer. Nothing was sent.`
        )
      }).pipe(Effect.provide(layer))
    )
  })
}

/** The IPv4 TTL as a user-defined message, as if the library lacked it. */
interface Ttl extends ControlMessage<"ttl", "ipv4"> {
  readonly received: { readonly ttl: number }
  readonly sendable: { readonly ttl?: number | undefined }
}
const int: Codec.Codec<number> = {
  size: 4,
  read: (view, at) => view.getInt32(at, true),
  write: (view, at, value) => {
    view.setInt32(at, value, true)
    return 4
  }
}
const ttl = (option: number, type: number) => ({
  ipv4: {
    request: [{ level: 0, option, value: 1 }],
    receive: [{ level: 0, type, payload: int }],
    send: { level: 0, type, payload: int }
  }
})
const ownHopLimit = define<Ttl>({
  key: "ttl",
  presence: "required",
  table: { linux: ttl(12, 2), winsock: ttl(21, 4), darwin: { ipv4: { unsupported: "not tried there" } } }
})

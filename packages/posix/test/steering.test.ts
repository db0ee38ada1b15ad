/** Datagrams of a shared port, steered by a key: each key arrives at one socket, the one of its index. */
import { Ipv4Address, Steering } from "@ancillary/control"
import { Datagram, type DatagramSocket, DatagramSockets, SocketOption, withSteering } from "@ancillary/effect3"
import { LinuxSockets } from "@ancillary/effect3/node"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const sockets = 5
const addresses = { ipv4: "127.0.0.1", ipv6: "::1", dual: "::" } as const
const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, dual: Datagram.dual }
const families = (["ipv4", "ipv6", "dual"] as const).filter((family) => family === "ipv4" || hasIpv6())

/** A spec of any family with the types of one, because the tests do the same on each. */
const plain = (family: keyof typeof specs) => specs[family] as typeof Datagram.ipv4

/** Sockets of one port. The system chose it for the first one. */
const group = (family: keyof typeof specs, key: Steering.Steering, count = sockets) =>
  Effect.gen(function* () {
    const spec = plain(family).pipe(withSteering(key))
    const first = yield* Datagram.bind(spec, { address: addresses[family], port: 0 })
    const { port } = first.localAddress
    const members = [first]
    for (let i = 1; i < count; i++) members.push(yield* Datagram.bind(spec, { address: addresses[family], port }))
    return { first, port, members }
  })

/** Payloads that have arrived. On loopback a sent datagram has arrived when the send returns. */
const arrived = (socket: DatagramSocket<"ipv4", never>) =>
  Effect.gen(function* () {
    const payloads: Array<Uint8Array> = []
    for (;;) {
      const datagram = yield* socket.receiveWithin(0)
      if (Option.isNone(datagram)) return payloads
      payloads.push(datagram.value.data)
    }
  })

const hex = (payloads: ReadonlyArray<Uint8Array>) =>
  payloads.map((each) => Buffer.from(each).toString("hex")).toSorted()

/** Sends each payload from several ports, and expects all of a payload at the socket of its index. */
const expectSteered = (key: Steering.Steering, family: keyof typeof specs, payloads: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const { members, port } = yield* group(family, key)
    const ways = family === "dual" ? (["ipv4", "ipv6"] as const) : [family]
    for (const way of ways)
      for (let n = 0; n < 3; n++) {
        const client = yield* Datagram.client(plain(way))
        for (const data of payloads) yield* client.send({ data, to: { address: addresses[way], port } })
      }
    for (const [index, member] of members.entries()) {
      const expected = payloads.filter((data) => Steering.indexOf(key, data) === index)
      const times = Array.from({ length: 3 * ways.length }, () => expected).flat()
      expect(hex(yield* arrived(member))).toEqual(hex(times))
    }
  })

const numbered = (length: number, at: number) =>
  Array.from({ length: 40 }, (_, i) => {
    const bytes = new Uint8Array(at + length + 3).fill(0xee)
    for (let byte = 0; byte < length; byte++) bytes[at + byte] = (i * 0x9d) >> (8 * byte)
    return bytes
  })

/** A QUIC packet with a long header, or with a short one, for a connection ID. */
const quic = (id: Uint8Array, isLong: boolean) =>
  isLong ? Uint8Array.of(0xc3, 0, 0, 0, 1, id.length, ...id, 0, 9, 9) : Uint8Array.of(0x43, ...id, 9, 9)

describe.each(families)("%s", (family) => {
  it.scopedLive.each([1, 2, 4] as const)(
    "each key of %i bytes of the payload arrives at the socket of its index",
    (length) =>
      expectSteered({ sockets, key: "payload", offset: 7, length }, family, numbered(length, 7)).pipe(
        Effect.provide(layer)
      )
  )

  it.scopedLive("each QUIC connection ID arrives at the socket of its index", () => {
    const ids = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i, 0xa7 * i, 3, 4, 5, 6, 7, 8))
    const packets = ids.flatMap((id) => [quic(id, true), quic(id, false)])
    return expectSteered({ sockets, key: "connectionId", offset: 1, length: 1 }, family, packets).pipe(
      Effect.provide(layer)
    )
  })
})

it.scopedLive("all ports of a source arrive at the socket of its address", () =>
  Effect.gen(function* () {
    const key = { sockets, key: "source" } as const
    const { members, port } = yield* group("ipv4", key)
    for (let last = 1; last <= 20; last++)
      for (let n = 0; n < 3; n++) {
        const client = yield* Datagram.bind(Datagram.ipv4, { address: `127.0.1.${last}`, port: 0 })
        yield* client.send({ data: Uint8Array.of(last), to: { address: "127.0.0.1", port } })
      }
    for (const [index, member] of members.entries()) {
      const sources = Array.from({ length: 20 }, (_, i) => i + 1).filter(
        (last) => Steering.indexOf(key, new Uint8Array(0), Ipv4Address.of(127, 0, 1, last)) === index
      )
      const payloads = sources.flatMap((last) => Array.from({ length: 3 }, () => Uint8Array.of(last)))
      expect(hex(yield* arrived(member))).toEqual(hex(payloads))
    }
  }).pipe(Effect.provide(layer))
)

it.scopedLive.runIf(hasIpv6())("an IPv6 source arrives at the socket of its address", () =>
  Effect.gen(function* () {
    const key = { sockets, key: "source" } as const
    const { members, port } = yield* group("ipv6", key)
    const client = yield* Datagram.client(Datagram.ipv6)
    yield* client.send({ data: Uint8Array.of(7), to: { address: "::1", port } })
    const counts = yield* Effect.forEach(members, (member) => Effect.map(arrived(member), ({ length }) => length))
    // The words of ::1 are 0, 0, 0 and 1.
    expect(counts).toEqual([0, 1, 0, 0, 0])
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a datagram without its key, or for an absent socket, goes by addresses and ports", () =>
  Effect.gen(function* () {
    const short = yield* group("ipv4", { sockets, key: "payload", offset: 0, length: 4 })
    const absent = yield* group("ipv4", { sockets: 1000, key: "payload", offset: 0, length: 4 })
    for (const [{ members, port }, data] of [
      [short, Uint8Array.of(1, 2, 3)],
      [absent, Uint8Array.of(0, 0, 0, 99)]
    ] as const) {
      for (let n = 0; n < 40; n++) {
        const client = yield* Datagram.client(Datagram.ipv4)
        yield* client.send({ data, to: { address: "127.0.0.1", port } })
      }
      const counts = yield* Effect.forEach(members, (member) => Effect.map(arrived(member), ({ length }) => length))
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40)
      // 40 ports at one of 5 sockets by chance: once in 10^27 runs.
      expect(counts.filter((count) => count > 0).length).toBeGreaterThan(1)
    }
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a key replaces another one on a bound socket, for all sockets of the port", () =>
  Effect.gen(function* () {
    const { first, members, port } = yield* group("ipv4", { sockets, key: "payload", offset: 0, length: 1 })
    yield* first.setOption(SocketOption.steering, { sockets, key: "payload", offset: 1, length: 1 })
    const client = yield* Datagram.client(Datagram.ipv4)
    yield* client.send({ data: Uint8Array.of(1, 2), to: { address: "127.0.0.1", port } })
    const counts = yield* Effect.forEach(members, (member) => Effect.map(arrived(member), ({ length }) => length))
    expect(counts).toEqual([0, 0, 1, 0, 0])
    expect(yield* Effect.flip(first.getOption(SocketOption.steering))).toMatchObject({ reason: "Unsupported" })
  }).pipe(Effect.provide(layer))
)

it.scopedLive("port 0 is a port that no other socket has, and others join it", () =>
  Effect.gen(function* () {
    const key = { sockets: 2, key: "payload", offset: 0, length: 1 } as const
    const ports = new Set<number>()
    for (let n = 0; n < 50; n++) ports.add((yield* group("ipv4", key, 1)).port)
    expect(ports.size).toBe(50)
  }).pipe(Effect.provide(layer))
)

it.scopedLive("a socket whose port is not shared refuses a key", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
    const error = yield* Effect.flip(socket.setOption(SocketOption.steering, { sockets, key: "source" }))
    expect(error).toMatchObject({ reason: "InvalidArgument", code: "EINVAL", option: "SO_ATTACH_REUSEPORT_CBPF" })
    expect(error.message).toBe(
      "Setting SO_ATTACH_REUSEPORT_CBPF failed (setsockopt: EINVAL 22). The socket was bound without sharing its port. Declare withSteering() before it is bound."
    )
  }).pipe(Effect.provide(layer))
)

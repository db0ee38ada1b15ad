/** Datagrams between hosts: addresses, routers, the fate of packets, and the control data. */
import {
  Datagram,
  type SocketEvent,
  withBroadcast,
  withCoalescedSize,
  withDontFragment,
  withDropCount,
  withErrorReports,
  withHopLimit,
  withMulticastInterface,
  withPathMtuDiscovery,
  withPktInfo,
  withReceiveBufferSize,
  withReuseAddress,
  withSegmentation,
  withTimestamp,
  withTrafficClass
} from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"

const data = Uint8Array.of(1)
const on = NetworkSockets.layer
const port = 9000

/** Two hosts on one link, on which no packet takes time. */
const pair = (faults: Network.LinkFaults = {}, options: Network.NetworkOptions = {}) => {
  const network = Network.make(options)
  const a = network.host("a", { addresses: ["10.0.0.1/24", "fd00::1/64"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24", "fd00::2/64"] })
  return { network, a, b, link: network.link(a, b, faults) }
}

/** a – r – b. The link behind the router may have a smaller MTU. */
const routed = (mtu = 1500, options: Network.HostOptions = {}) => {
  const network = Network.make()
  const a = network.host("a", { addresses: ["10.1.0.2/24", "fd01::2/64"], gateway: ["10.1.0.1", "fd01::1"] })
  // IPv6 requires an MTU of 1280.
  const both = (four: string, six: string) => (mtu < 1280 ? [four] : [four, six])
  const b = network.host("b", {
    addresses: both("10.2.0.2/24", "fd02::2/64"),
    gateway: both("10.2.0.1", "fd02::1"),
    mtu
  })
  const r = network.host("r", { addresses: ["10.1.0.1/24", "fd01::1/64"], router: true, ...options })
  network.link(a, r)
  network.link(r.interface("eth1", { addresses: both("10.2.0.1/24", "fd02::1/64"), mtu }), b)
  return { network, a, b, r }
}

const bindAll = (host: Network.Host) =>
  Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withTrafficClass()), {
    address: "0.0.0.0",
    port
  }).pipe(Effect.provide(on(host)))
const bind = (host: Network.Host, address = "0.0.0.0") =>
  Datagram.bind(Datagram.ipv4, { address, port }).pipe(Effect.provide(on(host)))
const events = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)

describe("hosts of a network in memory", () => {
  for (const [family, to, from, all] of [
    ["ipv4", "10.0.0.2", "10.0.0.1", "0.0.0.0"],
    ["ipv6", "fd00::2", "fd00::1", "::"]
  ] as const)
    it.scopedLive(`${family}: a datagram has its interface, addresses, hop limit and class, and is answered`, () =>
      Effect.gen(function* () {
        const { a, b } = pair()
        const one = (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
        const spec = one.pipe(withPktInfo(), withHopLimit(), withTrafficClass())
        const receiver = yield* Effect.provide(Datagram.bind(spec, { address: all, port }), on(b))
        const sender = yield* Effect.provide(Datagram.client(spec), on(a))
        yield* sender.send({ data, to: { address: to, port }, control: { hopLimit: 3, trafficClass: 0xb8 } })
        const received = yield* receiver.receive
        expect(String(received.from.address)).toBe(from)
        expect(received.control).toMatchObject({ hopLimit: 3, trafficClass: 0xb8, pktInfo: { interfaceIndex: 2 } })
        expect(String(received.control.pktInfo.destination)).toBe(to)
        yield* Datagram.reply(receiver, received, data)
        expect((yield* sender.receive).control).toMatchObject({ hopLimit: 64 })
      })
    )

  it.scopedLive("link-local addresses need a zone, and are received with that of the receiver", () =>
    Effect.gen(function* () {
      const { a, b } = pair()
      const interfaces = b.driver.interfaces()
      const own = isFault(interfaces) ? "" : String(interfaces[1]?.addresses.at(-1)?.address)
      expect(own).toMatch(/^fe80::.*%2$/)
      const receiver = yield* Effect.provide(Datagram.bind(Datagram.ipv6, { address: own, port }), on(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv6), on(a))
      yield* sender.send({ data, to: { address: own, port } })
      expect(String((yield* receiver.receive).from)).toMatch(/^\[fe80::.*%2\]/)
    })
  )

  it.scopedLive("an address that another socket or no host has, and one without a route", () =>
    Effect.gen(function* () {
      const { a } = pair()
      yield* bind(a)
      expect(yield* Effect.flip(bind(a))).toMatchObject({ code: "EADDRINUSE" })
      expect(yield* Effect.flip(bind(a, "10.0.0.9"))).toMatchObject({ code: "EADDRNOTAVAIL" })
      const client = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      expect(yield* Effect.flip(client.send({ data, to: { address: "192.0.2.1", port } }))).toMatchObject({
        code: "ENETUNREACH"
      })
    })
  )

  it.scopedLive("a connected socket is refused by a port that nothing is bound to", () =>
    Effect.gen(function* () {
      const { a } = pair()
      const socket = yield* Effect.provide(Datagram.connect(Datagram.ipv4, { address: "10.0.0.2", port }), on(a))
      yield* socket.send({ data })
      expect(yield* Effect.flip(socket.receive)).toMatchObject({ code: "ECONNREFUSED" })
    })
  )

  it.scopedLive("a socket connected to a global address with a zone receives its datagrams", () =>
    Effect.gen(function* () {
      const { a, b } = pair()
      const server = yield* Effect.provide(Datagram.bind(Datagram.ipv6, { address: "::", port }), on(b))
      const peer = { address: "fd00::2%2", port }
      const socket = yield* Effect.provide(Datagram.connect(Datagram.ipv6, peer), on(a))
      yield* socket.send({ data })
      const { from } = yield* server.receive
      yield* server.send({ data, to: from })
      expect(String((yield* socket.receive).from)).toBe(`[fd00::2]:${port}`)
    })
  )

  it.scopedLive("the hop limit falls at a router, whose address is in the report of its end", () =>
    Effect.gen(function* () {
      const { a, b } = routed()
      const receiver = yield* bindAll(b)
      const spec = Datagram.ipv4.pipe(withHopLimit(), withErrorReports())
      const sender = yield* Effect.provide(Datagram.client(spec), on(a))
      const to = { address: "10.2.0.2", port }
      yield* sender.send({ data, to })
      expect((yield* receiver.receive).control.hopLimit).toBe(63)
      yield* sender.send({ data, to, control: { hopLimit: 1 } })
      const [report] = yield* events(sender, 1)
      expect(report).toMatchObject({ origin: "icmp", code: "EHOSTUNREACH" })
      expect(String((report as { readonly offender?: unknown }).offender)).toContain("10.1.0.1")
      expect(String((report as { readonly destination?: unknown }).destination)).toContain("10.2.0.2:9000")
    })
  )

  it.scopedLive("a packet too big for a link is cut, or reported with the path MTU", () =>
    Effect.gen(function* () {
      const { a, b, network } = routed(600)
      const receiver = yield* bind(b)
      const large = new Uint8Array(1400).fill(7)
      const to = { address: "10.2.0.2", port }
      const cut = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withPathMtuDiscovery("dont"))), on(a))
      yield* cut.send({ data: large, to })
      expect((yield* receiver.receive).data).toEqual(large)
      expect(network.trace.filter(({ at, kind }) => kind === "send" && at === "r")).toHaveLength(3)
      const whole = Datagram.ipv4.pipe(withDontFragment(), withErrorReports())
      const sender = yield* Effect.provide(Datagram.client(whole), on(a))
      yield* sender.send({ data: large, to })
      const [report] = yield* events(sender, 1)
      expect(report).toMatchObject({ code: "EMSGSIZE", mtu: Option.some(600) })
      // The host remembers it.
      const refused = yield* Effect.flip(sender.send({ data: large, to }))
      expect(refused).toMatchObject({ code: "EMSGSIZE" })
    })
  )

  it.scopedLive("IPv6: the sender cuts for the path MTU that a router reported", () =>
    Effect.gen(function* () {
      const { a, b } = routed(1280)
      const receiver = yield* Effect.provide(Datagram.bind(Datagram.ipv6, { address: "::", port }), on(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv6), on(a))
      const large = new Uint8Array(1400).fill(7)
      const to = { address: "fd02::2", port }
      yield* sender.send({ data: large, to })
      yield* sender.send({ data: large, to })
      expect((yield* receiver.receive).data).toEqual(large)
    })
  )

  it.scopedLive("a router replaces the traffic class", () =>
    Effect.gen(function* () {
      const { a, b } = routed(1500, { rewriteTrafficClass: (trafficClass) => trafficClass & 3 })
      const receiver = yield* bindAll(b)
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withTrafficClass())), on(a))
      yield* sender.send({ data, to: { address: "10.2.0.2", port }, control: { trafficClass: 0xb9 } })
      expect((yield* receiver.receive).control.trafficClass).toBe(1)
    })
  )

  it.scopedLive("a congested link marks ECN-capable datagrams, and drops beyond its queue", () =>
    Effect.gen(function* () {
      const clock = Network.manualClock()
      const { a, b, network } = pair({ bandwidth: 8000, queue: 4, markFrom: 2 }, { clock })
      const receiver = yield* bindAll(b)
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withTrafficClass())), on(a))
      for (let i = 0; i < 6; i++)
        yield* sender.send({ data, to: { address: "10.0.0.2", port }, control: { trafficClass: 2 } })
      clock.advance(1000)
      const seen = yield* Effect.replicateEffect(receiver.receive, 4)
      expect(seen.map(({ control }) => control.trafficClass)).toEqual([2, 2, 3, 3])
      expect(network.trace.filter(({ why }) => why === "the queue is full")).toHaveLength(2)
    })
  )

  it.scopedLive("stamps are the time of the network's clock, with the delay of the link", () =>
    Effect.gen(function* () {
      const clock = Network.manualClock(1000)
      const { a, b } = pair({ delay: 2.5 }, { clock })
      const spec = Datagram.ipv4.pipe(withTimestamp())
      const receiver = yield* Effect.provide(Datagram.bind(spec, { address: "0.0.0.0", port }), on(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      yield* sender.send({ data, to: { address: "10.0.0.2", port } })
      clock.advance(10)
      expect((yield* receiver.receive).control.timestamp).toEqual(Option.some(1_002_500_000n))
    })
  )

  it.scopedLive("a full receive buffer drops, and the next datagram has the number", () =>
    Effect.gen(function* () {
      const { a, b } = pair()
      const spec = Datagram.ipv4.pipe(withDropCount(), withReceiveBufferSize(2304))
      const receiver = yield* Effect.provide(Datagram.bind(spec, { address: "0.0.0.0", port }), on(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      const send = sender.send({ data, to: { address: "10.0.0.2", port } })
      yield* Effect.replicateEffect(send, 20)
      let received = 0
      while (Option.isSome(yield* receiver.receiveWithin("1 millis"))) received++
      expect(received).toBeGreaterThan(2)
      yield* send
      expect((yield* receiver.receive).control.dropCount).toEqual(Option.some(20 - received))
    })
  )

  it.scopedLive("a payload that is cut into segments arrives as datagrams, or merged again", () =>
    Effect.gen(function* () {
      const { a, b, network } = pair()
      const plain = yield* bind(b)
      const spec = Datagram.ipv4.pipe(withCoalescedSize())
      const merging = yield* Effect.provide(Datagram.bind(spec, { address: "0.0.0.0", port: 9001 }), on(b))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withSegmentation())), on(a))
      const payload = Uint8Array.from({ length: 250 }, (_, i) => i)
      for (const to of [port, 9001])
        yield* sender.send({ data: payload, to: { address: "10.0.0.2", port: to }, control: { segmentSize: 100 } })
      const pieces = yield* Effect.replicateEffect(plain.receive, 3)
      expect(pieces.map(({ data }) => data.length)).toEqual([100, 100, 50])
      const whole = yield* merging.receive
      expect(whole.data).toEqual(payload)
      expect(whole.control.coalescedSize).toEqual(Option.some(100))
      expect(network.trace.filter(({ kind }) => kind === "send")).toHaveLength(6)
    })
  )

  it.scopedLive("a group is heard by hosts that joined it, from the sources that they chose", () =>
    Effect.gen(function* () {
      const network = Network.make()
      const [a, b, c] = (["a", "b", "c"] as const).map((name, i) =>
        network.host(name, { addresses: [`10.0.0.${i + 1}/24`] })
      ) as [Network.Host, Network.Host, Network.Host]
      network.link(a, b, c)
      const group = "239.1.2.3"
      // As on Linux, no route chooses the interface of a group on a host without a gateway.
      const at = { interfaceIndex: 2 }
      const [inB, inC] = [yield* bind(b), yield* bind(c)]
      yield* inB.join(group, at)
      yield* inC.join(group, { ...at, source: "10.0.0.9" })
      const spec = Datagram.ipv4.pipe(withMulticastInterface(2))
      const sender = yield* Effect.provide(Datagram.client(spec), on(a))
      yield* sender.send({ data, to: { address: group, port } })
      expect((yield* inB.receive).data).toEqual(data)
      expect(Option.isNone(yield* inC.receiveWithin("5 millis"))).toBe(true)
      yield* inC.leave(group, { ...at, source: "10.0.0.9" })
      yield* inC.join(group, at)
      yield* inB.leave(group, at)
      yield* sender.send({ data, to: { address: group, port } })
      expect((yield* inC.receive).data).toEqual(data)
      expect(Option.isNone(yield* inB.receiveWithin("5 millis"))).toBe(true)
    })
  )

  it.scopedLive("a broadcast needs the option, and reaches all sockets of all hosts", () =>
    Effect.gen(function* () {
      const { a, b } = pair()
      const shared = Datagram.bind(Datagram.ipv4.pipe(withReuseAddress()), { address: "0.0.0.0", port })
      const receivers = [yield* Effect.provide(shared, on(b)), yield* Effect.provide(shared, on(b))]
      const to = { address: "10.0.0.255", port }
      const mute = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      expect(yield* Effect.flip(mute.send({ data, to }))).toMatchObject({ code: "EACCES" })
      const loud = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withBroadcast())), on(a))
      yield* loud.send({ data, to })
      for (const receiver of receivers) expect((yield* receiver.receive).data).toEqual(data)
    })
  )

  it.scopedLive("an address that no host on the link has is reported after three seconds", () =>
    Effect.gen(function* () {
      const clock = Network.manualClock()
      const { a } = pair({}, { clock })
      const spec = Datagram.ipv4.pipe(withErrorReports())
      const socket = yield* Effect.provide(Datagram.connect(spec, { address: "10.0.0.77", port }), on(a))
      yield* socket.send({ data })
      clock.advance(3000)
      expect(yield* events(socket, 1)).toMatchObject([{ origin: "icmp", code: "EHOSTUNREACH" }])
    })
  )

  it.scopedLive("an address that is removed is bound no more, and its datagrams are dropped", () =>
    Effect.gen(function* () {
      const { a, b, network } = pair()
      yield* bind(b, "10.0.0.2")
      const eth = b.interfaceNamed("eth0")
      eth.removeAddress("10.0.0.2")
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      yield* sender.send({ data, to: { address: "10.0.0.2", port } })
      expect(network.trace.map(({ why }) => why)).toEqual(["no host has the address"])
      eth.addAddress("10.0.0.3/24")
      const other = Datagram.bind(Datagram.ipv4, { address: "10.0.0.2", port: 9001 })
      expect(yield* Effect.flip(Effect.provide(other, on(b)))).toMatchObject({ code: "EADDRNOTAVAIL" })
    })
  )
})

/** NATs of the nine kinds of RFC 4787, and a firewall. */
import { Ipv4Address } from "@ancillary/control"
import {
  Datagram,
  withDontFragment,
  withErrorReports,
  withFragmentSize,
  withHopLimit,
  withPathMtuDiscovery
} from "@ancillary/effect3"
import { Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Option, Scope, Stream } from "effect"
import { bound, nameReceived, receive, send } from "./plain.ts"

const one = Uint8Array.of(1)

/** inside – router – two hosts outside. */
const world = (box: Network.Middlebox) => {
  const clock = Network.manualClock()
  const network = Network.make({ clock })
  const inside = network.host("inside", { addresses: ["192.168.0.2/24"], gateway: "192.168.0.1" })
  const router = network.host("router", { addresses: ["192.168.0.1/24"], router: true })
  const [b, c] = [
    network.host("b", { addresses: ["203.0.113.2/24"], gateway: "203.0.113.1" }),
    network.host("c", { addresses: ["203.0.113.3/24"], gateway: "203.0.113.1" })
  ]
  network.link(inside, router)
  network.link(router.interface("wan", { addresses: ["203.0.113.1/24"] }), b, c)
  router.use(box)
  return { clock, network, inside, router, b, c }
}

const on = NetworkSockets.layer
const outer = Ipv4Address.of(203, 0, 113, 1)
const endpoint = { address: outer, port: 5000 }

/** Pings 203.0.113.2, and expects the reply. */
const pings = (host: Network.Host) =>
  Effect.gen(function* () {
    const socket = yield* Effect.provide(Datagram.client(Datagram.icmp4), on(host))
    const data = Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1)
    yield* socket.send({ data, to: { address: "203.0.113.2", port: 0 } })
    const { data: reply } = yield* socket.receive
    expect(reply[0]).toBe(0)
  })

const kinds = ["endpoint-independent", "address-dependent", "address-and-port-dependent"] as const

describe("a NAT", () => {
  for (const mapping of kinds)
    for (const filtering of kinds)
      it(`mapping ${mapping}, filtering ${filtering}`, () => {
        const { b, c, inside } = world(Network.nat({ outside: "wan", mapping, filtering }))
        const own = bound(inside, 5000)
        const [b1, b2, c1] = [bound(b, 1001), bound(b, 1002), bound(c, 1001)]
        /** The outer port that a peer sees. */
        const seenBy = (host: Network.Host, socket: typeof b1, address: string, port: number): number => {
          send(inside, own, address, one, port)
          const seen = nameReceived(host, socket)
          expect(seen?.address).toBe("203.0.113.1")
          return seen?.port ?? 0
        }
        const first = seenBy(b, b1, "203.0.113.2", 1001)
        expect(first).toBe(5000)
        // Nothing was sent to the others yet.
        const reaches = (host: Network.Host, socket: typeof b1): boolean => {
          send(host, socket, "203.0.113.1", one, first)
          return receive(inside, own) !== undefined
        }
        expect(reaches(b, b1)).toBe(true)
        const strangers = [reaches(b, b2), reaches(c, c1)]
        expect(strangers).toEqual([filtering !== "address-and-port-dependent", filtering === "endpoint-independent"])
        const [samePeer, other] = [seenBy(b, b2, "203.0.113.2", 1002), seenBy(c, c1, "203.0.113.3", 1001)]
        expect([samePeer === first, other === first]).toEqual([
          mapping !== "address-and-port-dependent",
          mapping === "endpoint-independent"
        ])
      })

  it("ends a mapping that is not used, and gives two hosts two ports", () => {
    const { b, clock, inside, network } = world(Network.nat({ outside: "wan", timeout: 1000 }))
    const own = bound(inside, 5000)
    const peer = bound(b, 1001)
    send(inside, own, "203.0.113.2", one, 1001)
    expect(nameReceived(b, peer)?.port).toBe(5000)
    clock.advance(1001)
    send(b, peer, "203.0.113.1", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    expect(network.trace.at(-1)?.at).toBe("b")
  })

  it("returns errors about translated datagrams to the host that sent them", () => {
    const { inside, network } = world(Network.nat({ outside: "wan" }))
    const own = bound(inside, 5000)
    send(inside, own, "203.0.113.2", one, 9)
    expect(network.chart()).toMatch(/port unreachable/)
    expect(network.trace.at(-1)).toMatchObject({ kind: "arrive", at: "inside" })
  })
})

/** A NAT whose inside has a smaller MTU than the world, a socket inside, and a peer that reads its error reports. */
const translated = (options: Omit<Network.NatOptions, "outside">) =>
  Effect.gen(function* () {
    const clock = Network.manualClock()
    const network = Network.make({ clock })
    const inside = network.host("inside", { addresses: ["192.168.0.2/24"], gateway: "192.168.0.1", mtu: 1400 })
    const router = network.host("router", { addresses: ["192.168.0.1/24"], router: true, mtu: 1400 })
    const peer = network.host("peer", { addresses: ["203.0.113.2/24"], gateway: "203.0.113.1" })
    network.link(inside, router)
    network.link(router.interface("wan", { addresses: ["203.0.113.1/24"] }), peer)
    router.use(Network.nat({ outside: "wan", ...options }))
    const scope = yield* Scope.make()
    const bind = Datagram.bind(Datagram.ipv4, { address: "0.0.0.0", port: 5000 })
    const socket = yield* bind.pipe(Effect.provide(on(inside)), Scope.extend(scope))
    const own = { close: Scope.close(scope, Exit.void) }
    const reporting = Datagram.ipv4.pipe(withErrorReports(), withHopLimit(), withDontFragment())
    const far = yield* Effect.provide(Datagram.bind(reporting, { address: "0.0.0.0", port: 7 }), on(peer))
    yield* socket.send({ data: one, to: { address: "203.0.113.2", port: 7 } })
    yield* far.receive
    const report = Effect.map(Stream.runHead(far.events), Option.getOrThrow)
    return { clock, inside, peer, network, own, far, report, to: { address: "203.0.113.1", port: 5000 } }
  })

describe("errors about packets that a NAT translated", () => {
  for (const mapping of kinds)
    it.scopedLive(`mapping ${mapping}: the peer outside gets them, and each is about the outer address`, () =>
      Effect.gen(function* () {
        const { far, own, report, to } = yield* translated({ mapping })
        // The peer learns its own destination, and the NAT as the sender of the report.
        const known = { destination: Option.some(expect.objectContaining(endpoint)), offender: Option.some(outer) }
        yield* far.send({ data: one, to, control: { hopLimit: 1 } })
        expect(yield* report).toMatchObject({ code: "EHOSTUNREACH", ...known })
        const large = { data: new Uint8Array(1452), to }
        yield* far.send(large)
        expect(yield* report).toMatchObject({ code: "EMSGSIZE", mtu: Option.some(1400), ...known })
        expect(yield* Effect.flip(far.send(large))).toMatchObject({ code: "EMSGSIZE" })
        yield* report
        yield* own.close
        yield* far.send({ data: one, to })
        expect(yield* report).toMatchObject({ code: "ECONNREFUSED", ...known })
      })
    )

  it.scopedLive("the host inside learns that no host outside has the address", () =>
    Effect.gen(function* () {
      const { clock, inside } = yield* translated({})
      const reporting = Datagram.ipv4.pipe(withErrorReports())
      const client = yield* Effect.provide(Datagram.client(reporting), on(inside))
      yield* client.send({ data: one, to: { address: "203.0.113.99", port: 9 } })
      clock.advance(3000)
      const report = Option.getOrThrow(yield* Stream.runHead(client.events))
      expect(report).toMatchObject({ code: "EHOSTUNREACH", offender: Option.some(Ipv4Address.of(192, 168, 0, 1)) })
    })
  )

  it.scopedLive("fragments are put together, translated, and cut again", () =>
    Effect.gen(function* () {
      const { far, inside, peer, to } = yield* translated({ filtering: "endpoint-independent" })
      const spec = Datagram.ipv4.pipe(withPathMtuDiscovery("dont"), withFragmentSize())
      const client = yield* Effect.provide(Datagram.bind(spec, { address: "0.0.0.0", port: 5001 }), on(inside))
      const large = new Uint8Array(4000).fill(5)
      yield* client.send({ data: large, to: { address: "203.0.113.2", port: 7 } })
      const { data, from } = yield* far.receive
      expect([data, String(from)]).toEqual([large, "203.0.113.1:5001"])
      const cutting = Datagram.ipv4.pipe(withPathMtuDiscovery("dont"))
      const back = yield* Effect.provide(Datagram.client(cutting), on(peer))
      yield* back.send({ data: large, to: { ...to, port: 5001 } })
      const received = yield* client.receive
      // The inside has an MTU of 1,400 bytes.
      expect([received.data, received.control.fragmentSize]).toEqual([large, Option.some(1396)])
      yield* back.send({ data: one, to: { ...to, port: 5001 } })
      expect((yield* client.receive).control.fragmentSize).toEqual(Option.none())
    })
  )

  it.scopedLive("pings pass it, and keep their identifier inside", () =>
    Effect.gen(function* () {
      const { inside, network } = yield* translated({})
      yield* pings(inside)
      const seen = network.trace.filter(({ kind, at }) => kind === "arrive" && at === "peer").at(-1)
      expect(String(seen?.packet.source)).toBe("203.0.113.1")
    })
  )
})

describe("a firewall", () => {
  it("lets answers in, and nothing else, until the conversation is over", () => {
    const { b, c, clock, inside, network } = world(Network.firewall({ outside: "wan", timeout: 1000 }))
    const own = bound(inside, 5000)
    const [peer, stranger] = [bound(b, 1001), bound(c, 1001)]
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    expect(network.trace.at(-1)?.why).toBe("filtered")
    send(inside, own, "203.0.113.2", one, 1001)
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toEqual(one)
    send(c, stranger, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
    clock.advance(1001)
    send(b, peer, "192.168.0.2", one, 5000)
    expect(receive(inside, own)).toBe(undefined)
  })

  it.scopedLive("lets the replies to pings from inside in, and no ping from outside", () =>
    Effect.gen(function* () {
      const { b, inside, network } = world(Network.firewall({ outside: "wan" }))
      yield* pings(inside)
      const stranger = yield* Effect.provide(Datagram.client(Datagram.icmp4), on(b))
      const data = Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 1)
      yield* stranger.send({ data, to: { address: "192.168.0.2", port: 0 } })
      expect(network.trace.at(-1)).toMatchObject({ at: "router", why: "filtered" })
    })
  )

  it("before or behind a NAT lets answers in", () => {
    for (const isFirst of [true, false]) {
      const { b, inside, router } = world(Network.firewall({ outside: "wan" }))
      const boxes = [Network.firewall({ outside: "wan" }), Network.nat({ outside: "wan" })]
      router.use(...(isFirst ? boxes : boxes.toReversed()))
      const [own, peer] = [bound(inside, 5000), bound(b, 1001)]
      send(inside, own, "203.0.113.2", one, 1001)
      expect(nameReceived(b, peer)).toEqual({ address: "203.0.113.1", port: 5000 })
      send(b, peer, "203.0.113.1", one, 5000)
      expect(receive(inside, own)).toEqual(one)
    }
  })

  it("reports refusals if it is asked to", () => {
    const { b, network } = world(Network.firewall({ outside: "wan", reports: true }))
    send(b, bound(b, 1001), "192.168.0.2", one, 5000)
    expect(network.chart()).toMatch(/prohibited/)
  })
})

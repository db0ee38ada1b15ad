/** Translation of IPv6: addresses and ports in the nine kinds, and prefixes (RFC 6296). */
import { Datagram, withErrorReports, withHopLimit } from "@ancillary/effect3"
import { Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"

const on = NetworkSockets.layer
const data = Uint8Array.of(1)

/** inside – router – two hosts outside, which have a route to the outer prefix. */
const world = (box: Network.Middlebox, own = "fd01:203:405:1::1234/64", gateway = "fd01:203:405:1::1") => {
  const network = Network.make()
  const inside = network.host("inside", { addresses: [own, "10.0.0.2/24"], gateway: [gateway, "10.0.0.1"] })
  const router = network.host("router", { addresses: [`${gateway}/64`, "10.0.0.1/24"], router: true })
  const wan = router.interface("wan", { addresses: ["2001:db8:9::1/64", "192.0.2.1/24"] })
  const hosts = [2, 3].map((n) =>
    network.host(`peer${n}`, {
      addresses: [`2001:db8:9::${n}/64`, `192.0.2.${n}/24`],
      gateway: ["2001:db8:9::1", "192.0.2.1"]
    })
  )
  network.link(inside, router)
  network.link(wan, ...hosts)
  router.use(box)
  const [b, c] = hosts
  if (b === undefined || c === undefined) throw new Error("no peers")
  return { network, inside, router, b, c }
}
const bind = (host: Network.Host, port: number) =>
  Effect.provide(Datagram.bind(Datagram.ipv6, { address: "::", port }), on(host))
const next = (socket: Effect.Effect.Success<ReturnType<typeof bind>>) =>
  Effect.map(socket.receiveWithin(0), (received) =>
    Option.getOrUndefined(Option.map(received, ({ from }) => String(from)))
  )
const at = (address: string, port: number) => ({ address, port })
const kinds = ["endpoint-independent", "address-dependent", "address-and-port-dependent"] as const

describe("a NAT of IPv6", () => {
  for (const mapping of kinds)
    for (const filtering of kinds)
      it.scopedLive(`mapping ${mapping}, filtering ${filtering}`, () =>
        Effect.gen(function* () {
          const { b, c, inside } = world(Network.nat({ outside: "wan", families: ["ipv6"], mapping, filtering }))
          const own = yield* bind(inside, 5000)
          const [b1, b2, c1] = [yield* bind(b, 1001), yield* bind(b, 1002), yield* bind(c, 1001)]
          yield* own.send({ data, to: at("2001:db8:9::2", 1001) })
          expect(yield* next(b1)).toBe("[2001:db8:9::1]:5000")
          const reached: Array<boolean> = []
          for (const peer of [b1, b2, c1]) {
            yield* peer.send({ data, to: at("2001:db8:9::1", 5000) })
            reached.push((yield* next(own)) !== undefined)
          }
          expect(reached).toEqual([
            true,
            filtering !== "address-and-port-dependent",
            filtering === "endpoint-independent"
          ])
          yield* own.send({ data, to: at("2001:db8:9::2", 1002) })
          yield* own.send({ data, to: at("2001:db8:9::3", 1001) })
          const same = [(yield* next(b2)) === "[2001:db8:9::1]:5000", (yield* next(c1)) === "[2001:db8:9::1]:5000"]
          expect(same).toEqual([mapping !== "address-and-port-dependent", mapping === "endpoint-independent"])
        })
      )

  it.scopedLive("returns errors to the sender, and the world does not know inner addresses", () =>
    Effect.gen(function* () {
      const { b, inside } = world(Network.nat({ outside: "wan", families: ["ipv6"] }))
      const reporting = Datagram.ipv6.pipe(withErrorReports(), withHopLimit())
      const own = yield* Effect.provide(Datagram.client(reporting), on(inside))
      yield* own.send({ data, to: at("2001:db8:9::2", 9) })
      const [event] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(own.events, 1)))
      expect(event).toMatchObject({ _tag: "ErrorReport" })
      const peer = yield* bind(b, 1001)
      const listening = yield* bind(inside, 5000)
      yield* peer.send({ data, to: at("fd01:203:405:1::1234", 5000) })
      expect(yield* next(listening)).toBe(undefined)
    })
  )

  it.scopedLive("by default IPv6 is routed; both families have the same ports", () =>
    Effect.gen(function* () {
      const routed = world(Network.nat({ outside: "wan" }))
      const peer = yield* bind(routed.b, 1001)
      const own = yield* bind(routed.inside, 5000)
      yield* own.send({ data, to: at("2001:db8:9::2", 1001) })
      expect(yield* next(peer)).toBe("[fd01:203:405:1::1234]:5000")
      const { b, inside } = world(Network.nat({ outside: "wan", families: ["ipv4", "ipv6"] }))
      const dual = yield* Effect.provide(Datagram.bind(Datagram.dual, at("::", 5000)), on(inside))
      const both = yield* Effect.provide(Datagram.bind(Datagram.dual, at("::", 1001)), on(b))
      yield* dual.send({ data, to: at("2001:db8:9::2", 1001) })
      yield* dual.send({ data, to: at("192.0.2.2", 1001) })
      expect(String((yield* both.receive).from)).toBe("[2001:db8:9::1]:5000")
      expect(String((yield* both.receive).from)).toBe("192.0.2.1:5000")
    })
  )
})

describe("a translation of prefixes", () => {
  const options = { outside: "wan", inner: "fd01:203:405::/48", outer: "2001:db8:1::/48" }

  it.scopedLive("the example of RFC 6296, in both directions, and a peer may begin", () =>
    Effect.gen(function* () {
      const { b, inside, network } = world(Network.prefixTranslation(options))
      const [own, peer] = [yield* bind(inside, 5000), yield* bind(b, 1001)]
      yield* peer.send({ data, to: at("2001:db8:1:d550::1234", 5000) })
      expect(yield* next(own)).toBe("[2001:db8:9::2]:1001")
      yield* own.send({ data, to: at("2001:db8:9::2", 1001) })
      expect(yield* next(peer)).toBe("[2001:db8:1:d550::1234]:5000")
      // The checksum is the one that the host inside has made: the receiver would have dropped another.
      const sums = network.trace
        .filter(({ kind }) => kind === "arrive")
        .map(({ packet }) => `${packet?.body[6]} ${packet?.body[7]}`)
      expect(new Set(sums.slice(-2)).size).toBe(1)
    })
  )

  it.scopedLive("with 64 bits, the interface identifier takes the difference", () =>
    Effect.gen(function* () {
      const long = { outside: "wan", inner: "fd01:203:405:1::/64", outer: "2001:db8:1:2::/64" }
      const { b, inside } = world(Network.prefixTranslation(long))
      const [own, peer] = [yield* bind(inside, 5000), yield* bind(b, 1001)]
      yield* own.send({ data, to: at("2001:db8:9::2", 1001) })
      const seen = yield* peer.receive
      expect(String(seen.from.address)).toMatch(/^2001:db8:1:2:[0-9a-f]+::1234$/)
      yield* peer.send({ data, to: seen.from })
      expect(yield* next(own)).toBe("[2001:db8:9::2]:1001")
    })
  )

  it.scopedLive("with 64 bits, words of the identifier that are 0xffff are not translated", () =>
    Effect.gen(function* () {
      const long = { outside: "wan", inner: "fd01:203:405:1::/64", outer: "2001:db8:1:2::/64" }
      const { b, inside } = world(Network.prefixTranslation(long), "fd01:203:405:1:ffff::1234/64")
      const [own, peer] = [yield* bind(inside, 5000), yield* bind(b, 1001)]
      yield* own.send({ data, to: at("2001:db8:9::2", 1001) })
      const seen = yield* peer.receive
      expect(String(seen.from.address)).toMatch(/^2001:db8:1:2:ffff:[0-9a-f]+:0:1234$/)
      yield* peer.send({ data, to: seen.from })
      expect(yield* next(own)).toBe("[2001:db8:9::2]:1001")
      const none = world(Network.prefixTranslation(long), "fd01:203:405:1:ffff:ffff:ffff:ffff/64")
      const [last, other] = [yield* bind(none.inside, 5000), yield* bind(none.b, 1001)]
      yield* last.send({ data, to: at("2001:db8:9::2", 1001) })
      expect(yield* next(other)).toBe(undefined)
    })
  )

  it.scopedLive("errors about translated datagrams quote the inner address, for their sender", () =>
    Effect.gen(function* () {
      const { inside } = world(Network.prefixTranslation(options))
      const reporting = Datagram.ipv6.pipe(withErrorReports())
      // A socket of every address would get the error about any of them.
      const address = { address: "fd01:203:405:1::1234", port: 5000 }
      const own = yield* Effect.provide(Datagram.bind(reporting, address), on(inside))
      yield* own.send({ data, to: at("2001:db8:9::2", 9) })
      const [event] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(own.events, 1)))
      expect(event).toMatchObject({ _tag: "ErrorReport" })
    })
  )

  it("prefixes of two lengths, of IPv4 or of more than 64 bits are refused", () => {
    for (const inner of ["fd01:203:405::/56", "10.0.0.0/8", "fd01::/96"])
      expect(() => Network.prefixTranslation({ ...options, inner })).toThrow(
        "give two IPv6 prefixes of the same length"
      )
  })
})

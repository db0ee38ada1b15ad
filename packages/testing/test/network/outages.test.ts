/** Links and interfaces that are down, replaced or unlike, and packets that no host takes. */
import {
  Datagram,
  Interfaces,
  type SocketEvent,
  withDontFragment,
  withErrorReports,
  withPktInfo,
  withTransparent
} from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Network } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Layer, Option, Stream } from "effect"

const data = Uint8Array.of(1)
const on = NetworkSockets.layer
const port = 9000
/** Time for programs to read what arrived. */
const turns = Effect.promise(async () => {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
})

/** Two hosts on one link, on which no packet takes time. */
const pair = (options: Network.NetworkOptions = {}) => {
  const network = Network.make(options)
  const a = network.host("a", { addresses: ["10.0.0.1/24", "fd00::1/64"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24", "fd00::2/64"] })
  return { network, a, b, link: network.link(a, b) }
}

const bind = (host: Network.Host, address = "0.0.0.0") =>
  Datagram.bind(Datagram.ipv4, { address, port }).pipe(Effect.provide(on(host)))
const events = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)

describe("hosts of a network in memory", () => {
  it.scopedLive("a link that is down: no neighbour is found, and the interfaces have no carrier", () =>
    Effect.gen(function* () {
      const clock = Network.manualClock()
      const { a, link } = pair({ clock })
      const running: Array<readonly [string, boolean | undefined]> = []
      const changes = Effect.flatMap(Interfaces, (interfaces) =>
        Stream.runForEach(interfaces.changes(), (change) =>
          Effect.sync(() => void running.push([change._tag, change.interface.running]))
        )
      )
      yield* Effect.forkScoped(changes.pipe(Effect.provide(Layer.provide(Interfaces.layer, on(a)))))
      const socket = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withErrorReports())), on(a))
      yield* turns
      link.down()
      yield* turns
      yield* socket.send({ data, to: { address: "10.0.0.2", port } })
      clock.advance(2999)
      expect(yield* socket.receiveWithin(0)).toEqual(Option.none())
      clock.advance(1)
      expect(yield* events(socket, 1)).toMatchObject([{ origin: "icmp", code: "EHOSTUNREACH" }])
      link.up()
      yield* turns
      expect(running).toEqual([
        ["Added", true],
        ["Added", true],
        ["Changed", false],
        ["Changed", true]
      ])
    })
  )

  it.scopedLive("an interface that is off keeps its IPv4 addresses, and loses those of IPv6", () =>
    Effect.gen(function* () {
      const { a } = pair()
      const eth = a.interfaceNamed("eth0")
      eth.setUp(false)
      const own = yield* bind(a, "10.0.0.1")
      const client = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      yield* client.send({ data, to: { address: "10.0.0.1", port } })
      expect((yield* own.receive).data).toEqual(data)
      const far = yield* Effect.flip(client.send({ data, to: { address: "10.0.0.2", port } }))
      expect(far).toMatchObject({ code: "ENETUNREACH" })
      eth.setUp(true)
      const six = Effect.flip(Datagram.bind(Datagram.ipv6, { address: "fd00::1", port }).pipe(Effect.provide(on(a))))
      expect(yield* six).toMatchObject({ code: "EADDRNOTAVAIL" })
      const addresses = () => {
        const all = a.driver.interfaces()
        return isFault(all) ? [] : all[1]?.addresses.map(({ address }) => String(address).slice(0, 4))
      }
      expect(addresses()).toEqual(["10.0", "fe80"])
      eth.setMtu(1279)
      expect(addresses()).toEqual(["10.0"])
      expect(() => eth.addAddress("fd00::1/64")).toThrow("fd00::1: IPv6 requires an MTU of 1280 bytes, and it is 1279.")
      eth.setMtu(1280)
      expect(addresses()).toEqual(["10.0", "fe80"])
    })
  )

  it.scopedLive("a host drops packets above its MTU, from its own address, and from groups", () =>
    Effect.gen(function* () {
      const { a, b, network } = pair()
      b.interfaceNamed("eth0").setMtu(1400)
      const receiver = yield* bind(b)
      const sizes: Array<number> = []
      yield* Effect.forkScoped(receiver.forEach(({ data }) => void sizes.push(data.length)))
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withDontFragment())), on(a))
      const to = { address: "10.0.0.2", port }
      for (const size of [1372, 1376, 1377]) yield* sender.send({ data: new Uint8Array(size), to })
      yield* turns
      expect(sizes).toEqual([1372, 1376])
      const forging = Datagram.ipv4.pipe(withPktInfo(), withTransparent())
      const forger = yield* Effect.provide(Datagram.client(forging), on(a))
      for (const source of ["10.0.0.2", "10.9.9.9"]) yield* forger.send({ data, to, control: { pktInfo: { source } } })
      yield* turns
      expect(sizes).toEqual([1372, 1376, 1])
      expect(network.trace.filter(({ kind }) => kind === "drop").map(({ why }) => why)).toEqual([
        "larger than the MTU of the interface",
        "a source that no other host has"
      ])
    })
  )

  it.scopedLive("a host that is replaced gets the cable, and senders learn that there was none", () =>
    Effect.gen(function* () {
      const clock = Network.manualClock()
      const { a, b, network } = pair({ clock })
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4.pipe(withErrorReports())), on(a))
      const to = { address: "10.0.0.2", port }
      b.interfaceNamed("eth0").remove()
      yield* sender.send({ data, to })
      clock.advance(3000)
      expect(yield* events(sender, 1)).toMatchObject([{ origin: "icmp", code: "EHOSTUNREACH" }])
      const next = network.host("next", { addresses: ["10.0.0.2/24"] })
      network.link(a, next)
      const receiver = yield* bind(next)
      yield* sender.send({ data, to })
      expect((yield* receiver.receive).data).toEqual(data)
    })
  )

  it.scopedLive("of two hosts with one address, one receives", () =>
    Effect.gen(function* () {
      const network = Network.make()
      const [a, b, c] = [1, 2, 2].map((n, i) => network.host(`h${i}`, { addresses: [`10.0.0.${n}/24`] }))
      if (a === undefined || b === undefined || c === undefined) return
      network.link(a, b, c)
      yield* bind(b)
      yield* bind(c)
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      yield* sender.send({ data, to: { address: "10.0.0.2", port } })
      expect(network.trace.map(({ kind, at }) => `${kind} ${at}`)).toEqual(["send h0", "arrive h1"])
    })
  )
})

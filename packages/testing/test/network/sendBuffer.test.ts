/** Send buffers: packets that wait for the bandwidth of a link take room, and a program waits until there is some. */
import {
  Datagram,
  DatagramSockets,
  serve,
  SocketOption,
  withBackpressure,
  withPktInfo,
  withSegmentation,
  withSendBufferSize
} from "@ancillary/effect3"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import * as Promises from "@ancillary/socket"
import { isFault } from "@ancillary/engine/driver/Driver"
import { Network, NetworkRun } from "@ancillary/testing"
import { NetworkSockets } from "@ancillary/testing/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestContext } from "effect"
import { name, open } from "./plain.ts"

const at = { address: "10.0.0.2", port: 9000 }
const on = NetworkSockets.layer

/** A link of 8,000 bits a second: 1 ms a byte. A payload of 72 bytes is a packet of 100. */
const slow = { bandwidth: 8000 }
const payload = new Uint8Array(72)

const pair = (options: Network.NetworkOptions, system: "linux" | "winsock" = "linux") => {
  const network = Network.make(options)
  const a = network.host("a", { addresses: ["10.0.0.1/24"], system })
  const b = network.host("b", { addresses: ["10.0.0.2/24"] })
  return { network, a, b, link: network.link(a, b, slow) }
}

const timed = Effect.gen(function* () {
  const network = yield* NetworkSockets.network({ seed: 1 })
  const a = network.host("a", { addresses: ["10.0.0.1/24"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24"] })
  network.link(a, b, slow)
  const receiver = yield* Effect.provide(Datagram.bind(Datagram.ipv4, at), on(b))
  return { network, a, receiver }
})

/** Sends until the buffer is full. Returns the number of sends. */
const fill = (host: Network.Host, size: number, requested: number): number => {
  const { driver } = host
  const { SO_SNDBUF, SOL_SOCKET } = driver.abi.platform === "winsock" ? Winsock : Linux
  const socket = open(host)
  if (requested > 0) {
    const value = new Uint8Array(4)
    new DataView(value.buffer).setUint32(0, requested, true)
    expect(socket.setOption(SOL_SOCKET, SO_SNDBUF, value)).toBe(undefined)
  }
  const layout = { slots: 1, iovecs: 1, addressBytes: 32, controlBytes: 0, dataBytes: 4096 } as const
  const arena = driver.arena({ ...layout, purpose: "send" })
  const address = name(host, at.address, at.port)
  arena.bytes.set(address, arena.addressAt(0))
  for (let sent = 0; ; sent++) {
    arena.fill(0, address.length, 0, [new Uint8Array(size)])
    const count = socket.send(arena, 0, 1)
    if (isFault(count)) throw new Error(count.code)
    if (count > 0) continue
    arena.free()
    socket.close()
    return sent
  }
}

describe("the send buffer of a host in memory", () => {
  // Linux 6.18, measured with datagrams that waited for a neighbour.
  it.each([
    [1, 0, 256],
    [1, 2304, 6],
    [1, 8192, 20],
    [1, 65_536, 158],
    [197, 0, 256],
    [198, 0, 167],
    [645, 0, 167],
    [646, 0, 93],
    [1000, 2304, 2],
    [1400, 8192, 8],
    [1400, 65_536, 57],
    [4000, 0, 31],
    [4000, 2304, 1],
    [4000, 8192, 3],
    [4000, 65_536, 19]
  ])("payloads of %i bytes, SO_SNDBUF %i: full after %i, as on Linux", (size, requested, count) => {
    const { a } = pair({ clock: Network.manualClock() })
    expect(fill(a, size, requested)).toBe(count)
  })

  it("a program waits for room, nothing is lost, and each run is the same", async () => {
    const run = Effect.scoped(
      Effect.gen(function* () {
        const { a, network, receiver } = yield* timed
        const spec = Datagram.ipv4.pipe(withSendBufferSize(4096))
        const sender = yield* Effect.provide(Datagram.client(spec), on(a))
        const sending = yield* Effect.fork(
          Effect.forEach(
            Array.from({ length: 40 }, (_, i) => i),
            (i) => Effect.map(sender.send({ data: payload.map(() => i), to: at }), () => network.now())
          )
        )
        yield* NetworkSockets.adjust(network, "1 second")
        expect((yield* Fiber.poll(sending))._tag).toBe("None")
        yield* NetworkSockets.adjust(network, "10 seconds")
        const times = (yield* Fiber.join(sending)).map((time) => Number(time / 1_000_000n))
        for (let i = 0; i < 40; i++) expect((yield* receiver.receive).data[0]).toBe(i)
        expect(network.trace.filter(({ kind }) => kind === "drop")).toEqual([])
        return { times, pcapng: network.pcapng() }
      })
    )
    const played = () => Effect.runPromise(Effect.provide(run, TestContext.TestContext))
    const first = await played()
    const after = first.times.map((time) => time - (first.times[0] ?? 0))
    // 8,192 bytes hold 10 packets of 832. A program is woken when 4 are left: 6 have gone, each in 100 ms.
    expect(after.slice(0, 17)).toEqual([
      ...Array.from({ length: 10 }, () => 0),
      ...Array.from({ length: 6 }, () => 600),
      1200
    ])
    expect(await played()).toEqual(first)
  })

  it.scoped("without waiting, a full buffer is an error or a counted drop", () =>
    Effect.gen(function* () {
      const { a, network, receiver } = yield* timed
      const failing = Datagram.ipv4.pipe(withSendBufferSize(4096), withBackpressure("fail"))
      const socket = yield* Effect.provide(Datagram.client(failing), on(a))
      const send = socket.send({ data: payload, to: at })
      yield* Effect.replicateEffect(send, 10)
      expect(yield* Effect.flip(send)).toMatchObject({ reason: "WouldBlock" })
      const dropping = Datagram.ipv4.pipe(withSendBufferSize(4096), withBackpressure("drop"))
      const other = yield* Effect.provide(Datagram.client(dropping), on(a))
      yield* Effect.replicateEffect(other.send({ data: payload, to: at }), 13)
      expect(yield* other.stats).toMatchObject({ sent: 10n, sendDropped: 3n })
      yield* NetworkSockets.adjust(network, "3 seconds")
      yield* send
      expect((yield* receiver.stats).dequeued).toBe(0n)
      yield* Effect.replicateEffect(receiver.receive, 20)
    })
  )

  it.scoped("an interrupted send is not sent, and the next one is", () =>
    Effect.gen(function* () {
      const { a, network, receiver } = yield* timed
      const spec = Datagram.ipv4.pipe(withSendBufferSize(2304))
      const sender = yield* Effect.provide(Datagram.client(spec), on(a))
      const send = (byte: number) => sender.send({ data: payload.map(() => byte), to: at })
      for (let i = 0; i < 6; i++) yield* send(i)
      const waiting = yield* Effect.fork(send(6))
      yield* NetworkSockets.settle(network)
      yield* Fiber.interrupt(waiting)
      const next = yield* Effect.fork(send(7))
      yield* NetworkSockets.adjust(network, "2 seconds")
      yield* Fiber.join(next)
      const seen: Array<number | undefined> = []
      for (let i = 0; i < 7; i++) seen.push((yield* receiver.receive).data[0])
      expect(seen).toEqual([0, 1, 2, 3, 4, 5, 7])
    })
  )

  it.scoped("a batch and a payload of segments wait, too", () =>
    Effect.gen(function* () {
      const { a, network, receiver } = yield* timed
      const spec = Datagram.ipv4.pipe(withSegmentation(), withSendBufferSize(4096))
      const layer = DatagramSockets.layer(Effect.succeed(a.driver), Network.capabilities)
      const sender = yield* Effect.provide(Datagram.client(spec), layer)
      const all = yield* Effect.fork(
        sender.sendAll(Array.from({ length: 30 }, (_, i) => ({ data: payload.map(() => i), to: at })))
      )
      yield* NetworkSockets.adjust(network, "100 millis")
      expect((yield* sender.stats).sent).toBe(10n)
      yield* NetworkSockets.adjust(network, "10 seconds")
      yield* Fiber.join(all)
      const data = Uint8Array.from({ length: 72 * 20 }, (_, i) => 30 + Math.floor(i / 72))
      const cut = yield* Effect.fork(
        Effect.replicateEffect(sender.send({ data, to: at, control: { segmentSize: 72 } }), 2)
      )
      yield* NetworkSockets.adjust(network, "20 seconds")
      yield* Fiber.join(cut)
      const seen: Array<number | undefined> = []
      for (let i = 0; i < 70; i++) seen.push((yield* receiver.receive).data[0])
      const counted = Array.from({ length: 50 }, (_, i) => i)
      expect(seen).toEqual([...counted, ...counted.slice(30)])
    })
  )

  it.scoped("a larger buffer wakes a send that waits", () =>
    Effect.gen(function* () {
      const { a, network } = yield* timed
      const sender = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(a))
      yield* sender.setOption(SocketOption.sendBufferSize, 2304)
      const send = sender.send({ data: payload, to: at })
      yield* Effect.replicateEffect(send, 6)
      const waiting = yield* Effect.fork(send)
      yield* NetworkSockets.settle(network)
      expect((yield* Fiber.poll(waiting))._tag).toBe("None")
      yield* sender.setOption(SocketOption.sendBufferSize, 65_536)
      yield* Fiber.join(waiting)
    })
  )

  it.scoped("replies of a server wait for room, and none is lost", () =>
    Effect.gen(function* () {
      const network = yield* NetworkSockets.network({ seed: 1 })
      const [client, server] = [
        network.host("client", { addresses: ["10.0.0.1/24"] }),
        network.host("server", { addresses: ["10.0.0.2/24"] })
      ]
      network.link(client, server).change(slow, server)
      const spec = Datagram.ipv4.pipe(withPktInfo(), withSendBufferSize(4096))
      const { stats } = yield* Effect.provide(
        serve(spec, at, (asked, socket) => Datagram.reply(socket, asked, asked.data)),
        on(server)
      )
      const socket = yield* Effect.provide(Datagram.client(Datagram.ipv4), on(client))
      for (let i = 0; i < 40; i++) yield* socket.send({ data: payload.map(() => i), to: at })
      yield* NetworkSockets.adjust(network, "100 millis")
      expect((yield* stats).sent).toBe(10n)
      yield* NetworkSockets.adjust(network, "10 seconds")
      for (let i = 0; i < 40; i++) expect((yield* socket.receive).data[0]).toBe(i)
    })
  )

  it("a promise of a send waits for room", async () => {
    const clock = Network.manualClock()
    const { a } = pair({ clock })
    const { client } = Promises.DatagramSockets.make(() => a.driver)
    const socket = await client(Promises.Datagram.ipv4.pipe(Promises.withSendBufferSize(2304)))
    let sent = 0
    const sending = (async () => {
      for (; sent < 9; sent++) await socket.send({ data: payload, to: at })
    })()
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
    for (let i = 0; i < 20; i++) await turn()
    expect(sent).toBe(6)
    clock.advance(1000)
    await sending
    socket.close()
  })

  it("on Winsock, packets take the bytes behind their IP header", () => {
    const { a } = pair({ clock: Network.manualClock() }, "winsock")
    expect(fill(a, 992, 4000)).toBe(4)
    expect(fill(a, 992, 4001)).toBe(5)
  })

  it("datagrams of a run wait for room, and arrive in their order", () => {
    const run: NetworkRun.NetworkRun = {
      hosts: { a: { addresses: ["10.0.0.1/24"] }, b: { addresses: ["10.0.0.2/24"] } },
      links: [{ ends: ["a", "b"], faults: slow }],
      datagrams: Array.from({ length: 400 }, (_, i) => ({ after: 0, from: "a", to: at, data: [i & 255] }))
    }
    const { clock, close, network } = NetworkRun.play(run)
    clock.advance(20_000)
    close()
    const arrived = network.trace.filter(({ at, kind }) => kind === "arrive" && at === "b")
    expect(arrived.map(({ packet }) => packet?.body.at(-1))).toEqual(run.datagrams.map(({ data }) => data[0]))
  })
})

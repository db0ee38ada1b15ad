/** Socket events on real sockets: the readers that they wake, the readers that get them, and no effect on datagrams. */
import { type Capability, Codec, type ControlMessage, define, type Internet } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  serve,
  type SocketEvent,
  withControlMessage,
  withDontFragment,
  withErrorReports,
  withPathMtuReports,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Option, Ref, Scope, Stream } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { bound, int } from "./bareKernel.ts"

const driver = LinuxSockets.driver({ guarded: true })
const layer = DatagramSockets.layer(driver, LinuxSockets.capabilities)
const ipv6 = hasIpv6()
const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }

const turns = (count: number) =>
  Effect.promise(async () => {
    for (let i = 0; i < count; i++) await new Promise((resume) => setImmediate(resume))
  })
const nobody = Effect.scoped(Effect.map(bound(), ({ port }) => ({ address: "127.0.0.1", port })))

type Events = { readonly events: Stream.Stream<SocketEvent, unknown> }
const take = (socket: Events, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)
const codes = (events: ReadonlyArray<SocketEvent>) =>
  events.map((event) => (event._tag === "ErrorReport" ? event.code : event._tag))

/** The layer, with a count of the reports of the event loop. */
const counting = () => {
  const reports = { count: 0 }
  const counted = Effect.map(driver, (driver) => ({
    ...driver,
    open: (kind: Parameters<typeof driver.open>[0]) => {
      const socket = driver.open(kind)
      if (isFault(socket)) return socket
      const poll: typeof socket.poll = (onReady) =>
        socket.poll((...ready) => {
          reports.count++
          onReady(...ready)
        })
      return { ...socket, poll }
    }
  }))
  return { reports, layer: DatagramSockets.layer(counted, LinuxSockets.capabilities) }
}

describe("a reader of only events", () => {
  it.scopedLive("is woken by an event, and not by queued datagrams, which stay queued", () => {
    const { layer, reports } = counting()
    return Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), at)
      const gone = yield* nobody
      const reading = yield* Effect.fork(take(socket, 2))
      yield* turns(5)
      for (const data of [1, 2]) yield* socket.send({ data: Uint8Array.of(data), to: socket.localAddress })
      yield* turns(50)
      expect(reports.count).toBe(0)
      yield* socket.send({ data: one, to: gone })
      yield* turns(50)
      expect(reports.count).toBe(1)
      yield* socket.send({ data: one, to: gone })
      expect(codes(yield* reading)).toEqual(["ECONNREFUSED", "ECONNREFUSED"])
      yield* turns(50)
      expect(reports.count).toBe(2)
      expect(Chunk.toReadonlyArray(yield* socket.receiveBatch).map(({ data }) => data[0])).toEqual([1, 2])
      expect(yield* socket.stats).toMatchObject({ dequeued: 2n, delivered: 2n, asyncErrors: 0n, retried: 0n })
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("is not woken for ever by the pending error of a connected socket", () => {
    const { layer, reports } = counting()
    return Effect.gen(function* () {
      const socket = yield* Datagram.connect(Datagram.ipv4.pipe(withTransmitTimestamps()), yield* nobody)
      const reading = yield* Effect.fork(take(socket, 2))
      yield* turns(5)
      // Without error reports the error is pending on the socket, and not in the queue.
      yield* socket.send({ data: one, control: { transmitTimestamp: 1 } })
      yield* turns(100)
      expect(reports.count).toBeLessThan(6)
      expect(yield* Effect.flip(socket.receive)).toMatchObject({ reason: "ConnectionRefused", code: "ECONNREFUSED" })
      yield* socket.send({ data: one, control: { transmitTimestamp: 2 } })
      expect(yield* reading).toMatchObject([{ id: 1 }, { id: 2 }])
    }).pipe(Effect.provide(layer))
  })

  it.scopedLive("waits for the end of a socket that declares none", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(Datagram.bind(Datagram.ipv4, at), scope)
      const reading = yield* Effect.fork(Stream.runDrain(socket.events))
      yield* turns(5)
      yield* Scope.close(scope, Exit.void)
      expect(yield* Effect.flip(Fiber.join(reading))).toMatchObject({ _tag: "DatagramReceiveError", reason: "Closed" })
    }).pipe(Effect.provide(layer))
  )
})

describe("several readers", () => {
  it.scopedLive("get distinct events, and an interrupted waiting reader loses none", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at)
      const seen = yield* Ref.make<ReadonlyArray<number>>([])
      const reader = Stream.runForEach(socket.events, (event) =>
        Ref.update(seen, (all) => (event._tag === "TransmitTimestamp" ? [...all, event.id] : all))
      )
      for (let id = 0; id < 100; id++) {
        const [first, second] = [yield* Effect.fork(reader), yield* Effect.fork(reader)]
        yield* turns(1)
        yield* Fiber.interrupt(id % 2 === 0 ? first : second)
        yield* socket.send({ data: one, to: socket.localAddress, control: { transmitTimestamp: id } })
        yield* turns(2)
        yield* Effect.all([Fiber.interrupt(first), Fiber.interrupt(second)])
      }
      const ids = Array.from({ length: 100 }, (_, id) => id)
      const rest = yield* Effect.fork(reader)
      yield* turns(2)
      yield* Fiber.interrupt(rest)
      expect((yield* Ref.get(seen)).toSorted((a, b) => a - b)).toEqual(ids)
      expect((yield* socket.stats).events).toMatchObject({ dequeued: 100n, delivered: 100n, queued: 0n })
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("end as Closed with their socket, and unread events are counted as dropped", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const socket = yield* Scope.extend(Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at), scope)
      const readers = yield* Effect.forEach([1, 2], () => Effect.fork(Stream.runDrain(socket.events)))
      yield* turns(5)
      yield* socket.send({ data: one, to: socket.localAddress, control: { transmitTimestamp: 7 } })
      yield* Scope.close(scope, Exit.void)
      for (const reader of readers)
        expect(yield* Effect.flip(Fiber.join(reader))).toMatchObject({ reason: "Closed", code: "CLOSED" })
      const { dropped, delivered, dequeued, queued } = (yield* socket.stats).events
      expect([dequeued, queued]).toEqual([delivered + dropped, 0n])
    }).pipe(Effect.provide(layer))
  )
})

describe("a connected socket with error reports", () => {
  const spec = Datagram.ipv4.pipe(withErrorReports())
  it.scopedLive("fails the next read or send once, even after the queue was read", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.connect(spec, yield* nobody)
      const refused = { reason: "ConnectionRefused", code: "ECONNREFUSED", errno: 111 }
      // Delivered to the reader of events first, then to the next call.
      yield* socket.send({ data: one })
      expect(codes(yield* take(socket, 1))).toEqual(["ECONNREFUSED"])
      expect(yield* Effect.flip(socket.receive)).toMatchObject({ _tag: "DatagramReceiveError", ...refused })
      expect(Option.isNone(yield* socket.receiveWithin(1))).toBe(true)

      yield* socket.send({ data: one })
      expect(codes(yield* take(socket, 1))).toEqual(["ECONNREFUSED"])
      expect(yield* Effect.flip(socket.send({ data: one }))).toMatchObject({ _tag: "DatagramSendError", ...refused })
      expect(Option.isNone(yield* socket.receiveWithin(1))).toBe(true)

      // In the other order; and a waiting reader is woken by it.
      const reading = yield* Effect.fork(Effect.flip(socket.receive))
      yield* turns(5)
      yield* socket.send({ data: one })
      expect(yield* Fiber.join(reading)).toMatchObject(refused)
      expect(codes(yield* take(socket, 1))).toEqual(["ECONNREFUSED"])
      expect(Option.isNone(yield* socket.receiveWithin(1))).toBe(true)
      expect(yield* socket.stats).toMatchObject({ sent: 3n, retried: 0n, events: { dequeued: 3n, delivered: 3n } })
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("has streams that continue", () =>
    Effect.gen(function* () {
      const gone = yield* nobody
      const socket = yield* Datagram.connect(spec, gone)
      const reading = yield* Effect.fork(Stream.runHead(socket.datagrams))
      yield* turns(5)
      yield* socket.send({ data: one })
      yield* turns(5)
      const back = yield* Datagram.bind(Datagram.ipv4, gone)
      yield* back.send({ data: Uint8Array.of(8), to: socket.localAddress })
      expect(Option.getOrThrow(yield* Fiber.join(reading)).data[0]).toBe(8)
      expect(yield* socket.stats).toMatchObject({ asyncErrors: 1n, delivered: 1n })
    }).pipe(Effect.provide(layer))
  )
})

describe("no reader of events", () => {
  it.scopedLive("the error queue of a socket that only sends is read, and 256 events are kept", () =>
    Effect.gen(function* () {
      const [socket, sink] = [
        yield* Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at),
        yield* Datagram.bind(Datagram.ipv4, at)
      ]
      for (let id = 0; id < 2000; id++)
        yield* socket.send({ data: one, to: sink.localAddress, control: { transmitTimestamp: id } })
      const events = yield* take(socket, 200)
      expect(events.map((event) => event._tag === "TransmitTimestamp" && event.id)).toEqual(
        Array.from({ length: 200 }, (_, i) => 2000 - 256 - 16 + i)
      )
      const { dropped, ignored, delivered, dequeued, queued } = (yield* socket.stats).events
      expect([ignored, dequeued, dequeued - delivered]).toEqual([0n, 1984n, dropped + queued])
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive("a server continues to answer after some of its clients are gone", () =>
    Effect.gen(function* () {
      const server = yield* serve(Datagram.ipv4.pipe(withErrorReports()), at, (asked, socket) =>
        socket.send({ data: asked.data, to: asked.from })
      )
      const client = yield* Datagram.connect(Datagram.ipv4, server.localAddress)
      for (let i = 0; i < 50; i++) {
        // Sends a request, and does not wait for the reply.
        yield* Effect.scoped(
          Effect.flatMap(Datagram.connect(Datagram.ipv4, server.localAddress), (gone) => gone.send({ data: one }))
        )
        yield* client.send({ data: Uint8Array.of(i) })
        expect((yield* client.receive).data[0]).toBe(i)
      }
      const { events, delivered, sent } = yield* server.stats
      expect([delivered, sent]).toEqual([100n, 100n])
      expect(events.ignored).toBe(0n)
    }).pipe(Effect.provide(layer))
  )
})

describe("an error of this host", () => {
  it.scopedLive.runIf(ipv6)("is an event beside the failed send, once, with destination and path MTU", () =>
    Effect.gen(function* () {
      const spec = Datagram.ipv6.pipe(withErrorReports(), withPathMtuReports(), withDontFragment())
      const socket = yield* Datagram.bind(spec, { address: "::1", port: 0 })
      const tooLarge = new Uint8Array(65_527)
      expect(yield* Effect.flip(socket.send({ data: tooLarge, to: socket.localAddress }))).toMatchObject({
        reason: "MessageTooLarge"
      })
      const [error, report] = yield* take(socket, 2)
      expect(error).toMatchObject({ _tag: "ErrorReport", origin: "local", code: "EMSGSIZE", mtu: Option.some(65_536) })
      if (error?._tag !== "ErrorReport") return
      expect(String(Option.getOrThrow(error.destination))).toBe(String(socket.localAddress))
      const absent = [Option.isNone(error.icmp), Option.isNone(error.offender), Option.isNone(error.arrival)]
      expect(absent).toEqual([true, true, true])
      expect(report).toMatchObject({ _tag: "PathMtuReport", mtu: 65_536 })
      expect(yield* socket.stats).toMatchObject({ sent: 0n, retried: 0n, asyncErrors: 0n, events: { dequeued: 2n } })
    }).pipe(Effect.provide(layer))
  )
})

describe("an event that a program defines", () => {
  interface Queue extends ControlMessage<"queue", Internet, "optional", Capability<"errorReports">> {
    readonly event: Uint8Array
  }
  const absent = { unsupported: "only Linux has an error queue" }
  const bytes = { size: 32, read: Codec.bytes({ maximum: 32 }).read } as const
  const Queue = define<Queue>({
    key: "queue",
    presence: "optional",
    table: {
      linux: {
        ipv4: {
          request: [{ level: 0, option: 11, value: 1 }],
          receive: [{ level: 0, type: 11, payload: bytes, event: "errorQueue" }]
        },
        ipv6: absent
      },
      winsock: { ipv4: absent, ipv6: absent },
      darwin: { ipv4: absent, ipv6: absent }
    }
  })

  it.scopedLive("is delivered as its definition decodes it, without effect on datagrams", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withControlMessage(Queue)), at)
      yield* socket.send({ data: one, to: yield* nobody })
      yield* socket.send({ data: one, to: socket.localAddress })
      const { control } = yield* socket.receive
      expect(control).toEqual({})
      const [event] = yield* take(socket, 1)
      expect(event).toMatchObject({ _tag: "UserEvent", key: "queue" })
      if (event?._tag !== "UserEvent" || !(event.value instanceof Uint8Array)) throw new Error("no bytes")
      expect(event.value.subarray(0, 7)).toEqual(Uint8Array.of(...int(111), 2, 3, 3))
    }).pipe(Effect.provide(layer))
  )
})

describe("an invalid entry", () => {
  const entry = (control: Uint8Array): FaultyDriver.ErrorEntry => ({ address: new Uint8Array(0), control, data: one })
  // cmsg_len 48, level 0, type 11, then an unknown origin.
  const strange = new Uint8Array(48)
  new DataView(strange.buffer).setUint32(0, 48, true)
  strange[12] = 11
  strange[20] = 77
  const cases: ReadonlyArray<readonly [string, Uint8Array]> = [
    ["has no control data", new Uint8Array(0)],
    ["has half a header", strange.slice(0, 9)],
    ["declares more than there is", Uint8Array.from(strange, (byte, i) => (i === 0 ? 200 : byte)).slice(0, 40)],
    ["has another size", Uint8Array.from(strange, (byte, i) => (i === 0 ? 40 : byte)).slice(0, 40)],
    ["is of an unknown origin", strange]
  ]
  for (const [what, control] of cases)
    it.scopedLive(`${what}: counted, and nothing is disturbed`, () => {
      let entries: Array<FaultyDriver.ErrorEntry> = []
      const hooked = Effect.map(driver, (driver) =>
        FaultyDriver.wrap(driver, { onReceiveErrors: (slots) => entries.splice(0, slots) })
      )
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports(), withTransmitTimestamps()), at)
        entries = [entry(control), entry(control), entry(control)]
        const reading = yield* Effect.fork(Stream.runDrain(socket.events))
        yield* turns(2)
        yield* socket.send({ data: one, to: socket.localAddress })
        expect((yield* socket.receive).data).toEqual(one)
        expect((yield* socket.stats).events).toEqual({
          dequeued: 3n,
          delivered: 0n,
          dropped: 0n,
          ignored: 3n,
          queued: 0n
        })
        yield* Fiber.interrupt(reading)
      }).pipe(Effect.provide(DatagramSockets.layer(hooked, LinuxSockets.capabilities)))
    })
})

it.scopedLive("a pending error is ignored, even if another call has taken its entry", () => {
  let pending = 0
  const fault = { syscall: "sendmsg", code: "ECONNREFUSED", errno: 111 }
  const next = () => (pending-- > 0 ? fault : undefined)
  const hooked = Effect.map(driver, (driver) => FaultyDriver.wrap(driver, { onSend: next, onReceive: next }))
  return Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), at)
    pending = 1
    yield* socket.send({ data: one, to: socket.localAddress })
    pending = 1
    expect((yield* socket.receive).data).toEqual(one)
    expect(yield* socket.stats).toMatchObject({ sent: 1n, retried: 1n, delivered: 1n, asyncErrors: 1n })
    // An error that occurs twice belongs to the send.
    pending = 2
    expect(yield* Effect.flip(socket.send({ data: one, to: socket.localAddress }))).toMatchObject({
      code: "ECONNREFUSED"
    })
  }).pipe(Effect.provide(DatagramSockets.layer(hooked, LinuxSockets.capabilities)))
})

it.scopedLive("streams of a connected socket ignore EACCES, unless it never stops", () => {
  let pending = 0
  const fault = { syscall: "recvmmsg", code: "EACCES", errno: 13 }
  const hooked = Effect.map(driver, (driver) =>
    FaultyDriver.wrap(driver, { onReceive: () => (pending-- > 0 ? fault : undefined) })
  )
  return Effect.gen(function* () {
    const peer = yield* Datagram.bind(Datagram.ipv4, at)
    const socket = yield* Datagram.connect(Datagram.ipv4, peer.localAddress)
    yield* peer.send({ data: one, to: socket.localAddress })
    pending = 3
    expect(Option.isSome(yield* Stream.runHead(socket.datagrams))).toBe(true)
    expect(yield* socket.stats).toMatchObject({ asyncErrors: 3n })
    pending = 1_000_000
    expect(yield* Effect.flip(Stream.runDrain(socket.datagrams))).toMatchObject({ code: "EACCES" })
  }).pipe(Effect.provide(DatagramSockets.layer(hooked, LinuxSockets.capabilities)))
})

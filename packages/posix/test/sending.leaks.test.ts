/** Many messages and segments on sockets of Linux: the number of calls, refusals of the kernel, and the sends that timestamps belong to. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  SocketOption,
  withCoalescedSize,
  withErrorReports,
  withSendBufferSize,
  withTransmitTimestamps
} from "@ancillary/effect3"
import { isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Scope, Stream } from "effect"
import { leakingNothing, unixLayerOver } from "./files.ts"
import { bound, int, message, ok, receiveRaw, sendRaw } from "./bareKernel.ts"
import { turn } from "./process.ts"

const driver = LinuxSockets.driver({ guarded: true })
const at = { address: "127.0.0.1", port: 0 }
const turns = (count: number) => Effect.repeatN(Effect.promise(turn), count - 1)
const all = (count: number) => Array.from({ length: count }, (_, i) => i)
const first = ({ data }: { readonly data: Uint8Array }) => data[0]

/** The layer, with the number of slots of each send call. */
const counting = (
  setUp: (socket: { setOption: (l: number, o: number, v: Uint8Array) => unknown }) => void = () => {}
) => {
  const calls: Array<number> = []
  const layer = DatagramSockets.layer(
    Effect.map(driver, (driver) => ({
      ...driver,
      open: (kind: Parameters<typeof driver.open>[0]) => {
        const socket = driver.open(kind)
        if (isFault(socket)) return socket
        setUp(socket)
        const send: typeof socket.send = (arena, first, slots) => {
          calls.push(slots)
          return socket.send(arena, first, slots)
        }
        return { ...socket, send }
      }
    })),
    LinuxSockets.capabilities
  )
  return { calls, layer }
}

const collect = (
  socket: { readonly datagrams: Stream.Stream<{ readonly data: Uint8Array }, unknown> },
  count: number
) => Effect.map(Stream.runCollect(Stream.take(socket.datagrams, count)), Chunk.toReadonlyArray)

describe("calls", () => {
  it.scopedLive("take 64 messages, and as many segments as fit into one payload", () => {
    const { calls, layer } = counting()
    return Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withCoalescedSize()), at)
      const to = socket.localAddress
      yield* socket.sendAll(all(130).map((i) => ({ data: Uint8Array.of(i), to })))
      expect(calls.splice(0)).toEqual([64, 64, 2])
      expect((yield* collect(socket, 130)).map(first)).toEqual(all(130))
      yield* socket.send({ data: new Uint8Array(64_000), to, segmentSize: 1000 })
      expect(calls.splice(0)).toEqual([1])
      expect((yield* socket.receive).control.coalescedSize).toMatchObject({ value: 1000 })
      // At most 64 segments and 65,507 bytes per datagram. A hundred of 1,000 bytes are two datagrams, which one system call sends.
      yield* socket.send({ data: new Uint8Array(100_000), to, segmentSize: 1000 })
      expect(calls.splice(0)).toEqual([2])
    }).pipe(Effect.provide(layer))
  })
})

// SO_NO_CHECK
const unchecked = [1, 11, int(1)] as const

describe("a kernel that refuses segmentation", () => {
  it.scoped("bare kernel: a socket without checksums cannot send segments", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(sender.socket.setOption(...unchecked))
      const cut = message(sender, 17, 103, new Uint8Array(Uint16Array.of(100).buffer))
      expect(sendRaw(sender, receiver, new Uint8Array(300), cut)).toMatchObject({ code: "EINVAL" })
      expect(receiveRaw(receiver, 64).count).toBe(0)
    })
  )

  it.scopedLive("ours: the segments are sent one by one, from then on for that host", () => {
    const { calls, layer } = counting((socket) => socket.setOption(...unchecked))
    return Effect.gen(function* () {
      const [socket, sender] = [yield* Datagram.bind(Datagram.ipv4, at), yield* Datagram.client(Datagram.ipv4)]
      const data = Uint8Array.from({ length: 10_000 }, (_, i) => Math.floor(i / 100))
      for (let i = 0; i < 2; i++) {
        yield* sender.send({ data, to: socket.localAddress, segmentSize: 100 })
        expect((yield* collect(socket, 100)).map((each) => [first(each), each.data.length])).toEqual(
          all(100).map((i) => [i, 100])
        )
      }
      expect(calls).toEqual([2, 64, 36, 64, 36])
      expect((yield* sender.stats).sent).toBe(200n)
    }).pipe(Effect.provide(layer))
  })
})

describe("transmit timestamps of many", () => {
  for (const failing of [undefined, 0, 40, 64, 99])
    it.scopedLive(`are each its datagram's${failing === undefined ? "" : `, the one at ${failing} refused`}`, () => {
      const layer = DatagramSockets.layer(
        Effect.map(driver, (driver) =>
          FaultyDriver.wrap(driver, {
            onSend: ({ data }) => (data[0] === failing ? { syscall: "sendmsg", code: "EPERM", errno: 1 } : undefined)
          })
        ),
        LinuxSockets.capabilities
      )
      return Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at)
        const to = socket.localAddress
        const messages = all(100).map((i) => ({
          data: Uint8Array.of(i),
          to,
          ...(i % 3 === 1 ? {} : { control: { transmitTimestamp: i } })
        }))
        const { sent } = yield* socket.sendAll(messages)
        expect(sent).toBe(failing === undefined ? 100 : 99)
        const stamped = all(100).filter((i) => i % 3 !== 1 && i !== failing)
        const events = yield* Stream.runCollect(Stream.take(socket.events, stamped.length))
        expect(Chunk.toReadonlyArray(events).map((each) => each._tag === "TransmitTimestamp" && each.id)).toEqual(
          stamped
        )
        expect((yield* socket.stats).events).toMatchObject({ dropped: 0n, ignored: 0n })
      }).pipe(Effect.provide(layer))
    })
})

describe("errors of other peers", () => {
  const layer = DatagramSockets.layer(driver, LinuxSockets.capabilities)
  it.scopedLive("fail no send of many, and each is sent once", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(Effect.map(bound(), ({ port }) => ({ address: "127.0.0.1", port })))
      const receiver = yield* Datagram.bind(Datagram.ipv4, at)
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), at)
      const messages = all(150).map((i) => ({
        data: Uint8Array.of(i),
        to: i % 5 === 0 ? gone : { address: "127.0.0.1", port: receiver.localAddress.port }
      }))
      expect(yield* socket.sendAll(messages)).toEqual({ sent: 150, dropped: 0, failed: [] })
      expect((yield* collect(receiver, 120)).map(first)).toEqual(all(150).filter((i) => i % 5 !== 0))
      expect((yield* socket.stats).sent).toBe(150n)
    }).pipe(Effect.provide(layer))
  )
})

describe("many datagrams to full Unix receivers", () => {
  const path = (of: string) => `\0ancillary-sending-${of}-${process.pid}`

  it.live("wait without attempts, and all arrive once and in order", () => {
    let sends = 0
    const layer = unixLayerOver((driver) => FaultyDriver.wrap(driver, { onSend: () => void sends++ }))
    return leakingNothing(
      Effect.gen(function* () {
        const receivers = [
          yield* Datagram.bind(Datagram.unix, { path: path("one") }),
          yield* Datagram.bind(Datagram.unix, { path: path("two") })
        ] as const
        const client = yield* Datagram.client(Datagram.unix)
        const messages = all(120).map((i) => ({
          data: Uint8Array.of(i),
          to: { path: path(i % 2 === 0 ? "one" : "two") }
        }))
        const sending = yield* Effect.fork(client.sendAll(messages))
        yield* turns(30)
        const filled = sends
        yield* turns(200)
        expect(sends).toBe(filled)
        const seen = yield* Effect.all(
          receivers.map((each) => collect(each, 60)),
          { concurrency: "unbounded" }
        )
        expect(seen.map((each) => each.map(first))).toEqual([0, 1].map((odd) => all(120).filter((i) => i % 2 === odd)))
        expect(yield* Fiber.join(sending)).toEqual({ sent: 120, dropped: 0, failed: [] })
      }),
      layer
    )
  })

  it.live("that are interrupted or closed: the sent ones arrive, and the error counts them", () =>
    leakingNothing(
      Effect.gen(function* () {
        const receiver = yield* Datagram.bind(Datagram.unix, { path: path("ends") })
        const scope = yield* Scope.make()
        const client = yield* Scope.extend(Datagram.client(Datagram.unix), scope)
        const messages = all(60).map((i) => ({ data: Uint8Array.of(i), to: receiver.localAddress }))
        const interrupted = yield* Effect.fork(client.sendAll(messages))
        yield* turns(30)
        yield* Fiber.interrupt(interrupted)
        const went = Number((yield* client.stats).sent)
        expect(went).toBeGreaterThan(0)
        expect((yield* collect(receiver, went)).map(first)).toEqual(all(went))
        const closed = yield* Effect.fork(client.sendAll(messages))
        yield* turns(30)
        yield* Scope.close(scope, Exit.void)
        const { failed, sent } = yield* Fiber.join(closed)
        expect(failed.map(({ error, index }) => [index, error.reason])).toEqual(
          all(60)
            .slice(sent)
            .map((i) => [i, "Closed"])
        )
        expect((yield* collect(receiver, sent)).map(first)).toEqual(all(sent))
      })
    )
  )

  it.live("of a pair with a full send buffer behave in the same way", () =>
    leakingNothing(
      Effect.gen(function* () {
        const [one, two] = yield* Datagram.pair(Datagram.unix.pipe(withSendBufferSize(4096)))
        const messages = all(100).map((i) => ({ data: new Uint8Array(2000).fill(i) }))
        const sending = yield* Effect.fork(one.sendAll(messages))
        expect((yield* collect(two, 100)).map(first)).toEqual(all(100))
        expect((yield* Fiber.join(sending)).sent).toBe(100)
      })
    )
  )
})

describe("limits", () => {
  const layer = DatagramSockets.layer(driver, LinuxSockets.capabilities)
  it.scopedLive("are those that were granted", () =>
    Effect.gen(function* () {
      const plain = yield* Datagram.bind(Datagram.ipv4.pipe(withSendBufferSize(40_000)), at)
      expect(yield* plain.limits).toMatchObject({
        segments: 64,
        coalescing: false,
        mayFragment: true,
        sendBufferBytes: 80_000
      })
      yield* plain.setOption(SocketOption.dontFragment, true)
      expect((yield* plain.limits).mayFragment).toBe(false)
      const merging = yield* Datagram.bind(Datagram.ipv6.pipe(withCoalescedSize()), { address: "::1", port: 0 })
      expect(yield* merging.limits).toMatchObject({ segments: 64, coalescing: true, mayFragment: true })
      yield* merging.setOption(SocketOption.pathMtuDiscovery, "do")
      expect((yield* merging.limits).mayFragment).toBe(false)
      const [unix] = yield* Datagram.pair(Datagram.unix)
      expect(yield* unix.limits).toMatchObject({ segments: 1, coalescing: false, mayFragment: false })
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("are one segment if the system cannot segment, and segments are sent nevertheless", () => {
    const lacking = Effect.map(driver, (driver) => ({
      ...driver,
      open: (kind: Parameters<typeof driver.open>[0]) => {
        const socket = driver.open(kind)
        if (isFault(socket)) return socket
        const getOption: typeof socket.getOption = (level, option, into) =>
          level === 17 && option === 103
            ? { syscall: "getsockopt", code: "ENOPROTOOPT", errno: 92 }
            : socket.getOption(level, option, into)
        return { ...socket, getOption }
      }
    }))
    return Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, at)
      expect((yield* socket.limits).segments).toBe(1)
      yield* socket.send({ data: new Uint8Array(300), to: socket.localAddress, segmentSize: 100 })
      expect((yield* collect(socket, 3)).map(({ data }) => data.length)).toEqual([100, 100, 100])
    }).pipe(Effect.provide(DatagramSockets.layer(lacking, LinuxSockets.capabilities)))
  })
})

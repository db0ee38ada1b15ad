/** Traps of Linux's error queue and of its timestamps. First the bare kernel, then ours. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  type SocketEvent,
  withDontFragment,
  withErrorReports,
  withHopLimit,
  withPktInfo,
  withTrafficClass,
  withTransmitTimestamps
} from "@ancillary/effect3"
import type { NativeArena } from "@ancillary/engine/driver/Arena"
import { isFault } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Option, Stream } from "effect"
import koffi from "koffi"
import { hasIpv6 } from "../../../testing/machine.ts"
import {
  arena,
  bare,
  bound,
  int,
  libc,
  message,
  type BareSocket,
  ok,
  receiveErrorRaw,
  receiveRaw,
  sendRaw
} from "../bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const layerOver = (hooks: FaultyDriver.Hooks) =>
  DatagramSockets.layer(
    Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => FaultyDriver.wrap(driver, hooks)),
    LinuxSockets.capabilities
  )
const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }
const at6 = { address: "::1", port: 0 }
const ipv6 = hasIpv6()
const MSG_DONTWAIT = 0x40
const MSG_PEEK = 2
const MSG_ERRQUEUE = 0x2000
const SO_TIMESTAMPING = 37
const [TX_SOFTWARE, SOFTWARE, OPT_ID, TSONLY] = [2, 16, 128, 2048]

const turns = (count: number) =>
  Effect.promise(async () => {
    for (let i = 0; i < count; i++) await new Promise((resume) => setImmediate(resume))
  })
/** A port without a socket. */
const nobody = (family: "ipv4" | "ipv6" = "ipv4") => Effect.scoped(Effect.map(bound(family), ({ port }) => port))
const recverr = (at: BareSocket) => ok(at.socket.setOption(0, 11, int(1)))

const take = (socket: { readonly events: Stream.Stream<SocketEvent, unknown> }, count: number) =>
  Effect.map(Stream.runCollect(Stream.take(socket.events, count)), Chunk.toReadonlyArray)

/** The largest payload, which exceeds loopback's 65,536 bytes with its headers. */
const tooLarge = new Uint8Array(65_527)

describe("trap 18: one peer's error loses datagrams to another", () => {
  it.scoped("bare kernel: of 200 datagrams to a healthy peer 200 are lost", () =>
    Effect.gen(function* () {
      const [sender, healthy, gone] = [yield* bound(), yield* bound(), yield* nobody()]
      recverr(sender)
      let lost = 0
      for (let i = 0; i < 200; i++) {
        sendRaw(sender, { ...sender, port: gone }, one)
        if (isFault(sendRaw(sender, healthy, one))) lost++
        while (receiveErrorRaw(sender, 64).count === 1);
      }
      expect(lost).toBe(200)
      expect(receiveRaw(healthy, 0).count).toBe(0)
    })
  )
  for (const family of ["ipv4", "ipv6"] as const)
    it.scopedLive.runIf(ipv6)(`ours: 0 of 200 to peers of ${family}; reads are not disturbed either`, () =>
      Effect.gen(function* () {
        const { address } = family === "ipv4" ? at : at6
        const open = Datagram.bind(Datagram.dual.pipe(withErrorReports()), { address: "::", port: 0 })
        const [socket, healthy] = [yield* open, yield* open]
        const [own, peer] = [socket, healthy].map(({ localAddress: { port } }) => ({ address, port }))
        const gone = { address, port: yield* nobody(family) }
        if (own === undefined || peer === undefined) return
        for (let i = 0; i < 200; i++) {
          yield* socket.send({ data: one, to: gone })
          yield* socket.send({ data: Uint8Array.of(i), to: peer })
          expect((yield* healthy.receive).data[0]).toBe(i)
          yield* healthy.send({ data: Uint8Array.of(i), to: own })
          yield* socket.send({ data: one, to: gone })
          expect((yield* socket.receive).data[0]).toBe(i)
        }
        const stats = yield* socket.stats
        expect(stats).toMatchObject({ sent: 600n, dequeued: 200n, delivered: 200n, retried: 200n, asyncErrors: 200n })
        expect(stats.events).toMatchObject({ dequeued: 400n, queued: 256n, dropped: 144n, ignored: 0n })
        for (const event of yield* take(socket, 256)) {
          expect(event).toMatchObject({
            _tag: "ErrorReport",
            code: "ECONNREFUSED",
            origin: family === "ipv4" ? "icmp" : "icmp6"
          })
          // An IPv4 peer has its IPv4 address, although the kernel reports a mapped one.
          expect(event._tag === "ErrorReport" && String(Option.getOrThrow(event.offender))).toBe(address)
          expect(event._tag === "ErrorReport" && Option.getOrThrow(event.destination).port).toBe(gone.port)
        }
      }).pipe(Effect.provide(layer))
    )
  it.scopedLive("ours: a send's own error is returned, whatever was pending", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports(), withPktInfo()), at)
      const gone = { address: "127.0.0.1", port: yield* nobody() }
      yield* socket.send({ data: one, to: gone })
      const error = yield* Effect.flip(
        socket.send({ data: one, to: gone, control: { pktInfo: { interfaceIndex: 9_999_999 } } })
      )
      expect(error).toMatchObject({ reason: "InvalidArgument", code: "ENODEV" })
      expect(yield* socket.stats).toMatchObject({ sent: 1n, retried: 0n })
    }).pipe(Effect.provide(layer))
  )
  it.scopedLive.runIf(ipv6)("ours: and is not tried again", () => {
    let calls = 0
    return Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withErrorReports(), withDontFragment()), at6)
      const error = yield* Effect.flip(socket.send({ data: tooLarge, to: socket.localAddress }))
      expect([error.reason, calls]).toEqual(["MessageTooLarge", 1])
      expect(yield* take(socket, 1)).toMatchObject([{ _tag: "ErrorReport", origin: "local", code: "EMSGSIZE" }])
      expect((yield* socket.stats).events).toMatchObject({ dequeued: 1n, queued: 0n })
    }).pipe(Effect.provide(layerOver({ onSend: () => void calls++ })))
  })
})

describe("trap 19: the error queue", () => {
  it.scoped("bare kernel: each entry that is read makes the next one's error pending again", () =>
    Effect.gen(function* () {
      const [sender, gone] = [yield* bound(), yield* nobody()]
      recverr(sender)
      for (let i = 0; i < 3; i++) {
        sendRaw(sender, { ...sender, port: gone }, one)
        receiveRaw(sender, 0)
      }
      for (const next of ["ECONNREFUSED", "ECONNREFUSED", undefined]) {
        expect(receiveErrorRaw(sender, 64).count).toBe(1)
        const { count } = receiveRaw(sender, 0)
        expect(isFault(count) ? count.code : undefined).toBe(next)
      }
    })
  )

  it.scopedLive("bare kernel: as long as it has an entry, the event loop reports only an error", () =>
    Effect.gen(function* () {
      const [sender, receiver, gone] = [yield* bound(), yield* bare, yield* nobody()]
      recverr(receiver)
      sendRaw(receiver, { ...receiver, port: gone }, one)
      // The error is read, but not the queue.
      receiveRaw(receiver, 0)
      sendRaw(sender, receiver, one)
      const seen: Array<unknown> = []
      const again = (...given: ReadonlyArray<unknown>) => {
        seen.push(given)
        handle.start({ readable: true }, again)
      }
      const handle = koffi.node.poll(receiver.fd, { readable: true }, again)
      yield* Effect.addFinalizer(() => Effect.sync(() => handle.close()))
      yield* turns(50)
      expect(seen.length).toBeGreaterThan(40)
      expect(seen.every((given) => JSON.stringify(given).startsWith("[-9,"))).toBe(true)
    })
  )

  it.scopedLive("ours: it is read to its end, declared or not, and the event loop is idle", () =>
    Effect.gen(function* () {
      for (const declared of [true, false]) {
        let reports = 0
        const counting = Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => ({
          ...driver,
          open: (kind: Parameters<typeof driver.open>[0]) => {
            const socket = ok(driver.open(kind))
            // As a program that sets the option itself and reads no events.
            if (!declared) ok(socket.setOption(0, 11, int(1)))
            return {
              ...socket,
              poll: (onReady: Parameters<typeof socket.poll>[0]) =>
                socket.poll((...ready) => {
                  reports++
                  onReady(...ready)
                })
            }
          }
        }))
        yield* Effect.gen(function* () {
          const socket = yield* declared
            ? Datagram.bind(Datagram.ipv4.pipe(withErrorReports()), at)
            : Datagram.bind(Datagram.ipv4, at)
          const gone = { address: "127.0.0.1", port: yield* nobody() }
          const reading = yield* Effect.fork(socket.receive)
          yield* turns(5)
          for (let i = 0; i < 3; i++) yield* socket.send({ data: one, to: gone })
          yield* turns(50)
          expect(reports).toBeLessThanOrEqual(6)
          yield* socket.send({ data: Uint8Array.of(9), to: socket.localAddress })
          expect((yield* reading).data[0]).toBe(9)
          const { events } = yield* socket.stats
          expect(events).toEqual({
            dequeued: 3n,
            delivered: 0n,
            dropped: 0n,
            ignored: declared ? 0n : 3n,
            queued: declared ? 3n : 0n
          })
        }).pipe(Effect.scoped, Effect.provide(DatagramSockets.layer(counting, LinuxSockets.capabilities)))
      }
    })
  )
})

it.scopedLive("trap 19, ours: the whole error queue is read at once, however long it is", () => {
  const counted = { reports: 0 }
  const counting = Effect.map(LinuxSockets.driver({ guarded: true }), (driver) => ({
    ...driver,
    open: (kind: Parameters<typeof driver.open>[0]) => {
      const socket = ok(driver.open(kind))
      return {
        ...socket,
        poll: (onReady: Parameters<typeof socket.poll>[0]) =>
          socket.poll((...ready) => {
            counted.reports++
            onReady(...ready)
          })
      }
    }
  }))
  return Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at)
    const reading = yield* Effect.fork(socket.receive)
    yield* turns(5)
    counted.reports = 0
    // More than one call reads, and fewer than a sender reads by itself.
    for (let id = 0; id < 30; id++)
      yield* socket.send({ data: one, to: socket.localAddress, control: { transmitTimestamp: id } })
    yield* turns(50)
    yield* reading
    expect((yield* socket.stats).events).toMatchObject({ dequeued: 30n, queued: 30n })
    expect(counted.reports).toBeLessThanOrEqual(4)
  }).pipe(Effect.provide(DatagramSockets.layer(counting, LinuxSockets.capabilities)))
})

describe("trap 21: reading an entry of the error queue", () => {
  const failed = (receiver: BareSocket, gone: number) =>
    sendRaw(receiver, { ...receiver, port: gone }, Uint8Array.of(1, 2))

  it.scoped("bare kernel: a peek removes it, and too little room for control data loses it", () =>
    Effect.gen(function* () {
      const [receiver, gone] = [yield* bare, yield* nobody()]
      recverr(receiver)
      failed(receiver, gone)
      receiveRaw(receiver, 0)
      const into = arena(receiver, "receive", 1, 128) as NativeArena
      into.prepare(1, 0)
      expect(libc.recvmsg(receiver.fd, into.headerAddress(0), MSG_DONTWAIT | MSG_ERRQUEUE | MSG_PEEK)).toBe(2)
      expect(receiveErrorRaw(receiver, 128).count).toBe(0)
      failed(receiver, gone)
      receiveRaw(receiver, 0)
      // As much room as only the entry needs, with packet information on: no room is left for the entry, and it is gone.
      ok(receiver.socket.setOption(0, 8, int(1)))
      const { messages } = receiveErrorRaw(receiver, 48)
      expect(messages.map(({ type, payload }) => [type, payload.length])).toEqual([
        [8, 12],
        [11, 0]
      ])
      expect(receiveErrorRaw(receiver, 128).count).toBe(0)
    })
  )

  it.scoped("bare kernel: the other messages are those of the ICMP packet", () =>
    Effect.gen(function* () {
      const [receiver, gone] = [yield* bound(), yield* nobody()]
      recverr(receiver)
      for (const option of [8, 12]) ok(receiver.socket.setOption(0, option, int(1)))
      ok(receiver.socket.setOption(0, 2, int(9)))
      failed(receiver, gone)
      const { messages } = receiveErrorRaw(receiver, 256)
      // The datagram had a hop limit of 9.
      expect(messages.map(({ type }) => type)).toEqual([8, 2, 11])
      expect(messages[1]?.payload).toEqual(int(64))
    })
  )

  it.scopedLive("ours: all declared messages fit, and the pktinfo is that of the arrival", () =>
    Effect.gen(function* () {
      // No other message is declared whose room could be used.
      const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withTrafficClass(), withErrorReports())
      const socket = yield* Datagram.bind(spec, at)
      const gone = { address: "127.0.0.1", port: yield* nobody() }
      yield* socket.send({ data: Uint8Array.of(1, 2), to: gone, control: { hopLimit: 9 } })
      const [event] = yield* take(socket, 1)
      expect(event).toMatchObject({ _tag: "ErrorReport", origin: "icmp", code: "ECONNREFUSED", errno: 111 })
      if (event?._tag !== "ErrorReport") return
      expect(event.icmp).toEqual(Option.some({ type: 3, code: 3 }))
      expect(event.datagram).toEqual(Uint8Array.of(1, 2))
      expect(String(Option.getOrThrow(event.destination))).toBe(`127.0.0.1:${gone.port}`)
      expect(String(Option.getOrThrow(event.offender))).toBe("127.0.0.1")
      expect(Option.map(event.arrival, ({ localAddress }) => String(localAddress))).toEqual(Option.some("127.0.0.1"))
      expect(Option.getOrThrow(event.arrival).interfaceIndex).toBeGreaterThan(0)
      expect(Option.isNone(event.mtu)).toBe(true)
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 22: transmit timestamps", () => {
  it.scoped("bare kernel: they are errors of number 42, and lack the time without SOFTWARE", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      for (const [switches, types] of [
        [OPT_ID | TSONLY, [11]],
        [OPT_ID | TSONLY | SOFTWARE, [SO_TIMESTAMPING, 11]]
      ] as const) {
        ok(sender.socket.setOption(1, SO_TIMESTAMPING, int(switches)))
        sendRaw(sender, receiver, one, message(sender, 1, SO_TIMESTAMPING, int(TX_SOFTWARE)))
        const { messages } = receiveErrorRaw(sender, 256)
        expect(messages.map(({ type }) => type)).toEqual(types)
        // errno ENOMSG, origin 4.
        expect(messages.at(-1)?.payload.subarray(0, 5)).toEqual(Uint8Array.of(42, 0, 0, 0, 4))
      }
    })
  )

  it.scopedLive("ours: a timestamp is not an error, and has its time and the program's number", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withErrorReports(), withTransmitTimestamps()), at)
      const to = socket.localAddress
      const before = BigInt(Date.now() - 1) * 1_000_000n
      yield* socket.send({ data: one, to, control: { transmitTimestamp: 4_294_967_295 } })
      yield* socket.send({ data: one, to })
      yield* socket.send({ data: one, to, control: { transmitTimestamp: { id: 0, scheduled: true } } })
      const events = yield* take(socket, 3)
      const after = BigInt(Date.now() + 1) * 1_000_000n
      expect(events.map((event) => (event._tag === "TransmitTimestamp" ? [event.id, event.stage] : event))).toEqual([
        [4_294_967_295, "sent"],
        [0, "scheduled"],
        [0, "sent"]
      ])
      for (const event of events)
        expect(event._tag === "TransmitTimestamp" && event.timestamp >= before && event.timestamp <= after).toBe(true)
      expect(yield* socket.stats).toMatchObject({ sent: 3n, asyncErrors: 0n, events: { dequeued: 3n, delivered: 3n } })
    }).pipe(Effect.provide(layer))
  )

  it.scoped("bare kernel: their flag also reports received datagrams if another socket does", () =>
    Effect.gen(function* () {
      const [sender, receiver, other] = [yield* bound(), yield* bound(), yield* bound()]
      ok(receiver.socket.setOption(1, SO_TIMESTAMPING, int(SOFTWARE | OPT_ID | TSONLY)))
      ok(other.socket.setOption(1, SO_TIMESTAMPING, int(SOFTWARE | 8)))
      // The host begins to take timestamps a little later.
      let seen = 0
      for (let i = 0; i < 1000 && seen === 0; i++) {
        sendRaw(sender, receiver, one)
        seen = receiveRaw(receiver, 64).messages.length
        yield* Effect.promise(() => new Promise((resume) => setTimeout(resume, 1)))
      }
      expect(seen).toBe(1)
      const ours = yield* Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withTransmitTimestamps()), at)
        yield* socket.send({ data: one, to: socket.localAddress })
        return (yield* socket.receive).control
      }).pipe(Effect.provide(layer))
      expect(ours).toEqual({})
    })
  )
})

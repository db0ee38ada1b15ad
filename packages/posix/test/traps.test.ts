/** More traps of the Linux kernel: those that require direct system calls or a changed driver. */
import type { Dscp, Ecn } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  type SendControl,
  withDscp,
  withEcn,
  withHopLimit,
  withMaximumDatagramSize,
  withPktInfo
} from "@ancillary/effect3"
import { type ArenaLayout, type NativeArena, ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { type Driver, isFault, type NativeSocket } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Chunk, Effect, Either, Scope } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { arena, bare, bound, int, libc, ok, receiveRaw, sendRaw } from "./bareKernel.ts"
import { seeded } from "./random.ts"

const ipv6 = hasIpv6()
const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }
const MSG_DONTWAIT = 0x40
const MSG_TRUNC = 0x20

const over = (bend: (driver: Driver) => Driver) =>
  DatagramSockets.layer(Effect.map(LinuxSockets.driver({ guarded: true }), bend), [])
const layer = over((driver) => driver)
/** The driver with every socket changed. */
const sockets = (driver: Driver, change: (socket: NativeSocket) => NativeSocket): Driver => ({
  ...driver,
  open: (kind) => {
    const socket = driver.open(kind)
    return isFault(socket) ? socket : change(socket)
  }
})
/** The driver with less room for received data. */
const cutting = (layoutOf: (layout: ArenaLayout) => ArenaLayout) =>
  over((driver) => ({
    ...driver,
    arena: (layout) => driver.arena(layout.purpose === "receive" ? layoutOf(layout) : layout)
  }))

it.scoped("trap 4, ours: only ECN keeps the socket's DSCP, and only DSCP keeps its ECN", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withEcn(), withDscp()), at)
    const seen: Array<unknown> = []
    const controls: ReadonlyArray<SendControl<"ipv4", Ecn | Dscp>> = [{ ecn: "ce" }, { dscp: 10 }, {}]
    for (const control of controls) {
      yield* socket.send({ data: one, to: socket.localAddress, control })
      seen.push((yield* socket.receive).control)
    }
    expect(seen).toEqual([
      { ecn: "ce", dscp: 46 },
      { ecn: "ect0", dscp: 10 },
      { ecn: "ect0", dscp: 46 }
    ])
  }).pipe(
    Effect.provide(
      over((driver) =>
        sockets(driver, (socket) => {
          ok(socket.setOption(0, 1, int((46 << 2) | 2)))
          return socket
        })
      )
    )
  )
)

it.scoped("trap 5, ours: a datagram that arrives while binding already has its interface", () =>
  Effect.gen(function* () {
    const early = yield* bound()
    const atOnce = (driver: Driver) =>
      sockets(driver, (socket) => ({
        ...socket,
        bind: (name) => {
          const failed = socket.bind(name)
          const own = new Uint8Array(16)
          ok(socket.localAddress(own))
          sendRaw(early, { ...early, port: new DataView(own.buffer).getUint16(2) }, one)
          return failed
        }
      }))
    const datagram = yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit()), at)
      return yield* socket.receive
    }).pipe(Effect.provide(over(atOnce)))
    expect(datagram.control.pktInfo.interfaceIndex).toBeGreaterThan(0)
    expect(datagram.control.hopLimit).toBe(64)
  })
)

it.scoped("trap 12, ours: any selection of messages is passed with its exact length", () => {
  const sent: Array<number> = []
  const counting = over((driver) =>
    FaultyDriver.wrap(driver, { onSend: ({ control }) => void sent.push(control.length) })
  )
  return Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp()), at)
    const to = socket.localAddress
    for (let chosen = 0; chosen < 16; chosen++) {
      const control = {
        ...((chosen & 1) === 0 ? {} : { pktInfo: { source: "127.0.0.1" } }),
        ...((chosen & 2) === 0 ? {} : { hopLimit: 9 }),
        ...((chosen & 4) === 0 ? {} : { ecn: "ect1" as const }),
        ...((chosen & 8) === 0 ? {} : { dscp: 12 })
      }
      yield* socket.send({ data: one, to, control })
      const classByte = (chosen & 12) === 0 ? 0 : 24
      expect(sent.at(-1)).toBe((chosen & 1) * 32 + ((chosen & 2) >> 1) * 24 + classByte)
      const { hopLimit } = (yield* socket.receive).control
      expect(hopLimit).toBe((chosen & 2) === 0 ? 64 : 9)
    }
  }).pipe(Effect.provide(counting))
})

describe("trap 13, ours: control data that the kernel cut", () => {
  const room = (controlBytes: number) => cutting((layout) => ({ ...layout, controlBytes }))
  const attempts = Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), at)
    const attempt = Effect.zipRight(socket.send({ data: one, to: socket.localAddress }), Effect.either(socket.receive))
    return [yield* attempt, yield* attempt].map(
      Either.match({
        onLeft: ({ message }) => message.replace(/:\d+:/, ":"),
        onRight: ({ control }) => String(control.pktInfo.destination)
      })
    )
  })
  const from = "A datagram from 127.0.0.1:"
  for (const [bytes, what] of [
    [20, `${from} 'pktInfo' was cut to 4 bytes`],
    [16, `${from} 'pktInfo' was cut to 0 bytes`],
    [15, `${from} the kernel had more control data than fits into the derived buffer`],
    [0, `${from} the kernel had more control data than fits into the derived buffer`],
    [28, "127.0.0.1"]
  ] as const) {
    it.scoped(`in a room of ${bytes}: ${what}, and the next one is read all the same`, () =>
      Effect.map(attempts, (seen) => expect(seen).toEqual([what, what])).pipe(Effect.provide(room(bytes)))
    )
  }
})

it.scoped("trap 14: bare, a slot has no room after an empty control; ours is reset", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bare]
    const into = arena(receiver, "receive", 1, 64) as NativeArena
    const again = () => {
      const count = libc.recvmmsg?.(receiver.fd, into.headerAddress(0), 1, MSG_DONTWAIT, 0)
      // Marks each slot that a call filled, because only those are reset.
      into.received(0, 1, 0)
      return count
    }
    into.prepare(1, 0)
    sendRaw(sender, receiver, one)
    expect([again(), into.controlLength(0)]).toEqual([1, 0])
    ok(receiver.socket.setOption(0, 8, int(1)))
    sendRaw(sender, receiver, one)
    expect([again(), into.controlLength(0)]).toEqual([1, 0])
    sendRaw(sender, receiver, one)
    expect([receiver.socket.receive(into, 1, false), into.controlLength(0), into.flags(0)]).toEqual([1, 32, 0])
  })
)

it.scoped("trap 15: bare, zero bytes are an empty or a cut datagram; ours has a fault", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bare]
    const into = arena(receiver, "receive", 1, 0, 0) as NativeArena
    const { abi } = receiver.driver
    const flags = () => into.view.getUint32(abi.msghdr.flags.at, true)
    for (const [size, expected] of [
      [0, 0],
      [10, MSG_TRUNC]
    ] as const) {
      into.prepare(1, 0)
      sendRaw(sender, receiver, new Uint8Array(size))
      expect([libc.recvmsg(receiver.fd, into.headerAddress(0), MSG_DONTWAIT), flags()]).toEqual([0, expected])
    }
    const seen = yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, at)
      const small = yield* Datagram.bind(Datagram.ipv4.pipe(withMaximumDatagramSize(1)), at)
      yield* socket.send({ data: new Uint8Array(0), to: small.localAddress })
      yield* socket.send({ data: new Uint8Array(10), to: small.localAddress })
      return [(yield* small.receive).data, (yield* Effect.flip(small.receive)).message.replace(/:\d+:/, ":")]
    }).pipe(Effect.provide(layer))
    expect(seen).toEqual([
      new Uint8Array(0),
      `A datagram from 127.0.0.1: a datagram of 10 bytes did not fit into 1: raise withMaximumDatagramSize, or declare withTruncation("deliver")`
    ])
  })
)

it.scoped("trap 16, bare kernel: an error after the first slot fails the next call", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bare]
    const { abi } = receiver.driver
    const into = arena(receiver, "receive", 3, 0)
    // The second slot's payload has an invalid address.
    const second = ((3 * (abi.mmsghdr?.size ?? 0) + 15) & ~15) + abi.iovec.size
    into.view.setBigUint64(second + abi.iovec.base, 8n, true)
    for (const data of [1, 2, 3]) sendRaw(sender, receiver, Uint8Array.of(data))
    expect(receiver.socket.receive(into, 3, false)).toBe(1)
    // The driver returns it as a fault of the next call, and the third datagram is still there.
    expect(receiver.socket.receive(into, 3, false)).toMatchObject({ syscall: "recvmmsg", code: "EFAULT" })
    expect(receiver.socket.receive(into, 1, false)).toBe(1)
    expect(into.bytes[into.dataAt(0)]).toBe(3)
  })
)

it.scoped("ours: a peer's refusal loses no queued datagram", () =>
  Effect.gen(function* () {
    const spec = Datagram.ipv4.pipe(withHopLimit())
    const socket = yield* Effect.scopedWith((peers) =>
      Effect.gen(function* () {
        const peer = yield* Scope.extend(Datagram.bind(spec, at), peers)
        const socket = yield* Datagram.connect(spec, peer.localAddress)
        for (const data of [1, 2, 3]) yield* peer.send({ data: Uint8Array.of(data), to: socket.localAddress })
        return socket
      })
    )
    // The peer is gone, so this is refused, and the refusal comes before the queued datagrams.
    yield* socket.send({ data: one })
    expect(Chunk.toReadonlyArray(yield* socket.receiveBatch).map(({ data }) => data[0])).toEqual([1, 2, 3])
    expect(yield* socket.stats).toMatchObject({ dequeued: 3n, delivered: 3n, asyncErrors: 1n })
  }).pipe(Effect.provide(layer))
)

it.scoped.runIf(ipv6)("trap 29: bare, slots of the largest IPv4 payload cut IPv6 ones; ours hold all", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
    for (const size of [65_507, 65_508, 65_527]) {
      sendRaw(sender, receiver, new Uint8Array(size))
      const { flags, length } = receiveRaw(receiver, 0, 65_507)
      expect([length, flags]).toEqual([size, size > 65_507 ? ReceiveFlags.dataTruncated : 0])
    }
    const random = seeded(29)
    yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
      for (const size of [65_507, 65_508, 65_508 + random.below(19), 65_527]) {
        yield* socket.send({ data: new Uint8Array(size).fill(size), to: socket.localAddress })
        expect((yield* socket.receive).data).toEqual(new Uint8Array(size).fill(size))
      }
    }).pipe(Effect.provide(layer))
  })
)

/** Traps of the Linux kernel: first the bare kernel through a socket of the driver, then a declared socket. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withDscp, withEcn, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { arena, bound, int, message, ok, receiveRaw, sendRaw } from "./bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const one = Uint8Array.of(1)
const ipv6 = hasIpv6()

describe("the class byte", () => {
  it.scoped("trap 4: bare, an ECN message resets the socket's DSCP; ours sends both halves", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(sender.socket.setOption(0, 1, int(46 << 2)))
      ok(receiver.socket.setOption(0, 13, int(1)))
      sendRaw(sender, receiver, one, message(sender, 0, 1, int(2)))
      expect(receiveRaw(receiver, 64).messages[0]?.payload).toEqual(Uint8Array.of(2))

      const seen = yield* Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withEcn(), withDscp()), {
          address: "127.0.0.1",
          port: 0
        })
        yield* socket.send({ data: one, to: socket.localAddress, control: { dscp: 46, ecn: "ect0" } })
        return (yield* socket.receive).control
      }).pipe(Effect.provide(layer))
      expect(seen).toEqual({ dscp: 46, ecn: "ect0" })
    })
  )

  it.scoped("trap 1, bare kernel: it arrives as one byte, followed by three stale bytes", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(receiver.socket.setOption(0, 13, int(1)))
      sendRaw(sender, receiver, one, message(sender, 0, 1, int(0xb9)))
      const { control, messages } = receiveRaw(receiver, 24)
      expect(messages[0]?.payload).toEqual(Uint8Array.of(0xb9))
      // The guarded arena was poisoned, so a read of four bytes would include the poison.
      expect([...control.subarray(16, 20)]).toEqual([0xb9, 0xa5, 0xa5, 0xa5])

      const seen = yield* Effect.gen(function* () {
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withEcn(), withDscp()), {
          address: "127.0.0.1",
          port: 0
        })
        yield* socket.send({ data: one, to: socket.localAddress, control: { dscp: 46, ecn: "ect1" } })
        return (yield* socket.receive).control
      }).pipe(Effect.provide(layer))
      expect(seen).toEqual({ dscp: 46, ecn: "ect1" })
    })
  )
})

it.scoped.runIf(ipv6)("trap 3: bare, a hop limit is cut to 16 bits (65541 sends 5); ours rejects it", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
    ok(receiver.socket.setOption(41, 51, int(1)))
    sendRaw(sender, receiver, one, message(sender, 41, 52, int(65_541)))
    expect(receiveRaw(receiver, 64).messages[0]?.payload).toEqual(int(5))

    const refused = yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withHopLimit()), { address: "::1", port: 0 })
      return yield* Effect.flip(socket.send({ data: one, to: socket.localAddress, control: { hopLimit: 65_541 } }))
    }).pipe(Effect.provide(layer))
    expect(refused).toMatchObject({ reason: "InvalidArgument" })
  })
)

it.scoped("trap 5: bare, datagrams queued before the option lack data; ours sets it first", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    sendRaw(sender, receiver, one)
    ok(receiver.socket.setOption(0, 8, int(1)))
    expect(receiveRaw(receiver, 64).messages[0]?.payload.subarray(0, 8)).toEqual(new Uint8Array(8))

    const calls: Array<string> = []
    const recording = Effect.map(LinuxSockets.driver({ guarded: true }), (driver) =>
      FaultyDriver.wrap(driver, {
        onSetOption: (level, option) => void calls.push(`setsockopt(${level}, ${option})`),
        onBind: () => void calls.push("bind")
      })
    )
    const spec = Datagram.ipv4.pipe(withPktInfo())
    const info = yield* Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
      yield* socket.send({ data: one, to: socket.localAddress })
      return (yield* socket.receive).control.pktInfo
    }).pipe(Effect.provide(DatagramSockets.layer(recording, [])))
    expect(info.interfaceIndex).toBeGreaterThan(0)
    const { options } = Datagram.explain(spec, receiver.driver.abi)
    expect(calls).toEqual([...options.map(({ call }) => call), "bind"])
    expect(calls).toEqual(["setsockopt(0, 8)", "bind"])
  })
)

it.scoped("trap 12, bare kernel: 16 zero bytes after the last message are EINVAL", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    const control = message(sender, 0, 2, int(9))
    const padded = (zeros: number) =>
      sendRaw(sender, receiver, one, Uint8Array.from([...control, ...new Uint8Array(zeros)]))
    expect(padded(15)).toBe(1)
    expect(padded(16)).toMatchObject({ code: "EINVAL" })
  })
)

it.scoped("trap 13, bare kernel: a cut message differs in its length, and maybe in a flag", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    ok(receiver.socket.setOption(0, 8, int(1)))
    sendRaw(sender, receiver, one)
    const cut = receiveRaw(receiver, 20)
    expect(cut.messages[0]?.payload).toHaveLength(4)
    expect(cut.flags).toBe(ReceiveFlags.controlTruncated)
    // Room for the message but not for its padding: whole, and no flag.
    sendRaw(sender, receiver, one)
    const whole = receiveRaw(receiver, 28)
    expect([whole.messages[0]?.payload.length, whole.flags]).toEqual([12, 0])
  })
)

it.scoped("trap 15, bare kernel: an empty datagram, a cut one and an empty queue differ", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    sendRaw(sender, receiver, new Uint8Array(0))
    sendRaw(sender, receiver, new Uint8Array(10))
    const [empty, cut] = [receiveRaw(receiver, 0, 4), receiveRaw(receiver, 0, 4)]
    expect([empty.count, empty.length, empty.flags]).toEqual([1, 0, 0])
    // Linux reports the true size.
    expect([cut.count, cut.length, cut.flags]).toEqual([1, 10, ReceiveFlags.dataTruncated])
    expect(receiveRaw(receiver, 0, 4).count).toBe(0)
  })
)

it.scopedLive.runIf(ipv6)("trap 29: an IPv6 payload larger than any of IPv4 is not cut", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
    const largest = new Uint8Array(65_527).fill(3)
    yield* socket.send({ data: largest, to: socket.localAddress })
    const datagram = yield* socket.receive
    expect([datagram.data.length, Option.isNone(datagram.truncated)]).toEqual([65_527, true])
    const error = yield* Effect.flip(socket.send({ data: new Uint8Array(65_528), to: socket.localAddress }))
    expect(error.reason).toBe("MessageTooLarge")
  }).pipe(Effect.provide(layer))
)

it.scoped("trap 14: an arena is reset before each call, after the kernel shortened lengths", () =>
  Effect.gen(function* () {
    const [sender, receiver] = [yield* bound(), yield* bound()]
    ok(receiver.socket.setOption(0, 12, int(1)))
    const into = arena(receiver, "receive", 4, 64)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 3; i++) sendRaw(sender, receiver, Uint8Array.of(round, i))
      expect(receiver.socket.receive(into, 4, false)).toBe(3)
      for (let slot = 0; slot < 3; slot++) {
        expect([into.addressLength(slot), into.controlLength(slot), into.dataLength(slot)]).toEqual([16, 24, 2])
        expect([into.bytes[into.dataAt(slot)], into.bytes[into.dataAt(slot) + 1]]).toEqual([round, slot])
      }
    }
    into.free()
  })
)

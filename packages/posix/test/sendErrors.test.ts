/** Errors of sending name their cause. Sends follow the current values in the kernel, even those that other code set. */
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  withDscp,
  withEcn,
  withErrorReports,
  withPktInfo,
  withTrafficClass
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { load } from "../src/internal/libc.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const at = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)
/** Other code with the descriptor. */
const libc = load("linux")
const setInt = (fd: number, level: number, option: number, value: number) =>
  expect(libc.setsockopt(fd, level, option, new Uint8Array(Int32Array.of(value).buffer), 4)).toBe(0)
const [IPPROTO_IP, IP_TOS, IPPROTO_IPV6, IPV6_TCLASS, SOL_SOCKET, SO_BINDTOIFINDEX] = [0, 1, 41, 67, 1, 62]

describe("a failed send", () => {
  it.scopedLive("of a connected socket names the send call, not the read of the error queue", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(Effect.map(Datagram.bind(Datagram.ipv4, at), (socket) => socket.localAddress))
      const socket = yield* Datagram.connect(Datagram.ipv4.pipe(withErrorReports()), gone)
      yield* Effect.forkScoped(Stream.runDrain(socket.events))
      yield* socket.send({ data })
      // The reader of events empties the queue, so the kernel no longer returns the error.
      yield* Effect.repeat(Effect.zipRight(Effect.sleep("1 millis"), socket.stats), {
        until: ({ events }) => events.dequeued > 0n
      })
      const error = yield* Effect.flip(socket.send({ data }))
      expect(error).toMatchObject({ reason: "ConnectionRefused", code: "ECONNREFUSED", syscall: "sendmsg" })
      expect(error.message).toContain("(sendmsg: ECONNREFUSED 111)")
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("over an interface that does not exist names the field and the index", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), at)
      const pktInfo = { interfaceIndex: 9_999_999 }
      const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control: { pktInfo } }))
      expect(error).toMatchObject({ reason: "InvalidArgument", code: "ENODEV", field: Option.some("control.pktInfo") })
      expect(error.message).toBe(
        "control.pktInfo: this host has no interface of index 9999999 (sendmsg: ENODEV 19). Look up the index again, because an interface that is made anew has another one. Nothing was sent."
      )
      if (!hasIpv6()) return
      const socket6 = yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), { address: "::1", port: 0 })
      const zoned = { address: "fe80::1%9999999", port: 9 }
      for (const [message, field] of [
        [{ to: socket6.localAddress, control: { pktInfo } }, "control.pktInfo"],
        [{ to: socket6.localAddress, control: { pktInfo: { source: "fe80::5%9999999" } } }, "control.pktInfo"],
        [{ to: zoned }, "to"],
        [{ to: { ...zoned, address: "ff02::1%9999999" } }, "to"]
      ] as const)
        expect(yield* Effect.flip(socket6.send({ data, ...message }))).toMatchObject({
          reason: "InvalidArgument",
          field: Option.some(field)
        })
    }).pipe(Effect.provide(layer))
  )
})

describe("an option that is set through the descriptor, and not through its socket", () => {
  it.scopedLive("ipv4: sent ECN or DSCP is combined with the current value of the socket", () =>
    Effect.gen(function* () {
      const receiver = yield* Datagram.bind(Datagram.ipv4.pipe(withTrafficClass()), at)
      const to = receiver.localAddress
      const socket = yield* Datagram.client(Datagram.ipv4.pipe(withEcn(), withDscp()))
      const fd = yield* socket.descriptor
      for (const value of [0xb8, 0x28, 0]) {
        setInt(fd, IPPROTO_IP, IP_TOS, value)
        yield* socket.send({ data, to, control: { ecn: "ect0" } })
        socket.trySend({ data, to, control: { ecn: "ce" } })
        yield* socket.sendAll([{ data, to, control: { dscp: 10 } }])
        const seen = yield* Effect.replicateEffect(receiver.receive, 3)
        expect(seen.map(({ control }) => control.trafficClass)).toEqual([value | 2, value | 3, (10 << 2) | (value & 3)])
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive.runIf(hasIpv6())("ipv6: sent ECN is combined with the current value of the socket", () =>
    Effect.gen(function* () {
      const receiver = yield* Datagram.bind(Datagram.ipv6.pipe(withTrafficClass()), { address: "::1", port: 0 })
      const socket = yield* Datagram.client(Datagram.ipv6.pipe(withEcn()))
      for (const value of [0xb8, 0]) {
        setInt(yield* socket.descriptor, IPPROTO_IPV6, IPV6_TCLASS, value)
        yield* socket.send({ data, to: receiver.localAddress, control: { ecn: "ect1" } })
        expect((yield* receiver.receive).control.trafficClass).toBe(value | 1)
      }
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("a new or removed binding to an interface takes effect", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.client(Datagram.ipv4.pipe(withPktInfo()))
      const receiver = yield* Datagram.bind(Datagram.ipv4, at)
      const by = (interfaceIndex: number) =>
        Effect.flip(socket.send({ data, to: receiver.localAddress, control: { pktInfo: { interfaceIndex } } }))
      const fd = yield* socket.descriptor
      const none = 9_999_999
      expect(yield* by(none)).toMatchObject({ code: "ENODEV" })
      setInt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, 1)
      expect(yield* by(none)).toMatchObject({
        code: "INVALID",
        message: `control.pktInfo: this socket is bound to interface 1, and cannot send by ${none}. Nothing was sent.`
      })
      setInt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, 0)
      expect(yield* by(none)).toMatchObject({ code: "ENODEV" })
    }).pipe(Effect.provide(layer))
  )
})

describe("packet information without a source", () => {
  it.scopedLive.each([
    ["ipv4", "127.0.0.109"],
    ["ipv6", "::1"]
  ] as const)("%s: leaves from the address that the socket is bound to", ([family, address]) =>
    Effect.gen(function* () {
      const spec = family === "ipv4" ? Datagram.ipv4.pipe(withPktInfo()) : Datagram.ipv6.pipe(withPktInfo())
      const [bound, receiver] = [
        yield* Datagram.bind(spec, { address, port: 0 }),
        yield* Datagram.bind(spec, { address, port: 0 })
      ]
      yield* bound.send({ data, to: receiver.localAddress, control: { pktInfo: {} } })
      yield* bound.send({ data, to: receiver.localAddress, control: { pktInfo: { interfaceIndex: 1 } } })
      const seen = [yield* receiver.receive, yield* receiver.receive]
      expect(seen.map(({ from }) => String(from))).toEqual([String(bound.localAddress), String(bound.localAddress)])
    }).pipe(Effect.provide(layer))
  )
})

/**
 * Traps of Linux about addresses and families: addresses that cannot be a source, and messages for peers of each family. First the bare kernel,
 * then ours.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, DatagramSockets, withDscp, withEcn, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { hasIpv6 } from "../../../testing/machine.ts"
import { bound, boundDual, int, mapped, message, ok, receiveRaw, sendRaw, sendTo } from "../bareKernel.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), [])
const one = Uint8Array.of(1)
const at = { address: "127.0.0.1", port: 0 }
const at6 = { address: "::1", port: 0 }
const ipv6 = hasIpv6()

const IP_PKTINFO = 8
const IPV6_RECVPKTINFO = 49
const IPV6_PKTINFO = 50
const info4 = (source: ReadonlyArray<number>, index = 0) =>
  Uint8Array.of(...new Uint8Array(Uint32Array.of(index).buffer), ...source, 0, 0, 0, 0)
const info6 = (address: ReadonlyArray<number>, index = 0) =>
  Uint8Array.of(...address, ...new Uint8Array(Uint32Array.of(index).buffer))
const group6 = [0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
const foreign6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x77]
const asMapped = (address: ReadonlyArray<number>) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address]

describe("trap 6: the source of a reply to a group", () => {
  it.scoped("bare kernel: a group as the source is EINVAL on IPv4", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const answered = sendRaw(sender, receiver, one, message(sender, 0, IP_PKTINFO, info4([224, 0, 0, 1])))
      expect(answered).toMatchObject({ code: "EINVAL" })
    })
  )
  it.scoped.runIf(ipv6)("bare kernel: sending back the packet information of a group is EINVAL on IPv6", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound("ipv6"), yield* bound("ipv6")]
      const answered = sendRaw(sender, receiver, one, message(sender, 41, IPV6_PKTINFO, info6(group6, 1)))
      expect(answered).toMatchObject({ code: "EINVAL" })
    })
  )
  it.scoped("ours: a group or a broadcast address is rejected as a source before the call", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), at)
      for (const source of ["224.0.0.1", "255.255.255.255"]) {
        const error = yield* Effect.flip(
          socket.send({ data: one, to: socket.localAddress, control: { pktInfo: { source } } })
        )
        expect(error).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
      }
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 8: a source that is not ours", () => {
  it.scoped.runIf(ipv6)("bare kernel: ENETUNREACH on IPv4, EINVAL on IPv6 unless IPV6_FREEBIND is set", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      const foreign = message(sender, 0, IP_PKTINFO, info4([192, 0, 2, 77]))
      expect(sendRaw(sender, receiver, one, foreign)).toMatchObject({ code: "ENETUNREACH" })

      const [sender6, receiver6] = [yield* bound("ipv6"), yield* bound("ipv6")]
      const foreignTo6 = message(sender6, 41, IPV6_PKTINFO, info6(foreign6))
      expect(sendRaw(sender6, receiver6, one, foreignTo6)).toMatchObject({ code: "EINVAL" })
      ok(sender6.socket.setOption(41, 78, int(1)))
      expect(sendRaw(sender6, receiver6, one, foreignTo6)).toBe(1)
    })
  )
  it.scoped.runIf(ipv6)("ours: one typed error that names the source", () =>
    Effect.gen(function* () {
      const spec4 = Datagram.ipv4.pipe(withPktInfo())
      const socket4 = yield* Datagram.bind(spec4, at)
      const socket6 = yield* Datagram.bind(Datagram.ipv6.pipe(withPktInfo()), at6)
      const dual = yield* Datagram.bind(Datagram.dual.pipe(withPktInfo()), { address: "::", port: 0 })
      const data = one
      const from = (source: string) => ({ pktInfo: { source } })
      const to = { address: "127.0.0.1", port: dual.localAddress.port }
      const errors = [
        yield* Effect.flip(socket4.send({ data, to: socket4.localAddress, control: from("192.0.2.77") })),
        yield* Effect.flip(socket6.send({ data, to: socket6.localAddress, control: from("2001:db8::77") })),
        yield* Effect.flip(dual.send({ data, to, control: from("192.0.2.77") }))
      ]
      for (const error of errors) {
        expect(error).toMatchObject({ reason: "AddressNotAvailable", syscall: "sendmsg" })
        expect(error.message).toMatch(
          /^control\.pktInfo: (192\.0\.2\.77|2001:db8::77) is not an address of this host \(sendmsg: E\w+ \d+\)\. Send from one that is, or leave the source out\. Nothing was sent\.$/
        )
      }
      // These codes do not name the source if they have another reason.
      const nowhere = yield* Effect.flip(
        socket4.send({ data, to: socket4.localAddress, control: { pktInfo: { interfaceIndex: 99_999 } } })
      )
      expect(nowhere.reason).toBe("InvalidArgument")
    }).pipe(Effect.provide(layer))
  )
})

describe.runIf(ipv6)("trap 9: a dual socket and an IPv4 peer", () => {
  it.scoped("bare kernel: IPv6 options alone lack hop limit and class, both give two pktinfo", () =>
    Effect.gen(function* () {
      const [peer, dual] = [yield* bound(), yield* boundDual]
      const types = () => receiveRaw(dual, 256).messages.map(({ level, type }) => [level, type])
      for (const option of [IPV6_RECVPKTINFO, 51, 66]) ok(dual.socket.setOption(41, option, int(1)))
      sendRaw(peer, dual, one)
      expect(types()).toEqual([[41, IPV6_PKTINFO]])
      for (const option of [IP_PKTINFO, 12, 13]) ok(dual.socket.setOption(0, option, int(1)))
      sendRaw(peer, dual, one)
      expect(types()).toEqual([
        [41, IPV6_PKTINFO],
        [0, IP_PKTINFO],
        [0, 2],
        [0, 1]
      ])
    })
  )
  it.scoped("ours: every declared message arrives as for IPv4, with room for both pktinfo", () =>
    Effect.gen(function* () {
      const spec = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp())
      const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
      const peer = yield* Datagram.client(Datagram.ipv4)
      yield* peer.send({ data: one, to: { address: "127.0.0.1", port: socket.localAddress.port } })
      const { control, from } = yield* socket.receive
      expect([from.family, String(control.pktInfo.destination), control.hopLimit]).toEqual(["ipv4", "127.0.0.1", 64])
      expect([control.ecn, control.dscp]).toEqual(["not-ect", 0])
      // Without other messages there is no spare room, and the packet information of IPv4 follows that of IPv6.
      const alone = yield* Datagram.bind(Datagram.dual.pipe(withPktInfo()), { address: "::", port: 0 })
      yield* peer.send({ data: one, to: { address: "127.0.0.1", port: alone.localAddress.port } })
      expect(String((yield* alone.receive).control.pktInfo.destination)).toBe("127.0.0.1")
    }).pipe(Effect.provide(layer))
  )
})

describe.runIf(ipv6)("trap 10: a dual socket sends to an IPv4 peer", () => {
  it.scoped("bare kernel: an IPv6 hop limit is ignored, an interface without source is EINVAL", () =>
    Effect.gen(function* () {
      const [dual, peer] = [yield* boundDual, yield* bound()]
      ok(peer.socket.setOption(0, 12, int(1)))
      expect(sendTo(dual, mapped(peer), one, message(dual, 41, 52, int(5)))).toBe(1)
      expect(receiveRaw(peer, 64).messages[0]?.payload).toEqual(int(64))
      const anySource = message(dual, 41, IPV6_PKTINFO, info6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1))
      expect(sendTo(dual, mapped(peer), one, anySource)).toMatchObject({ code: "EINVAL" })
      const mappedSource = message(dual, 41, IPV6_PKTINFO, info6(asMapped([127, 0, 0, 9]), 1))
      expect(sendTo(dual, mapped(peer), one, mappedSource)).toBe(1)
    })
  )
  it.scoped("ours: messages are sent in the family of the peer", () =>
    Effect.gen(function* () {
      const spec = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withDscp())
      const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
      const peer = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit(), withDscp(), withPktInfo()), at)
      const control = { hopLimit: 5, dscp: 46, pktInfo: { interfaceIndex: 1 } }
      yield* socket.send({ data: one, to: peer.localAddress, control })
      const seen = yield* peer.receive
      expect([seen.control.hopLimit, seen.control.dscp]).toEqual([5, 46])
      yield* socket.send({ data: one, to: peer.localAddress, control: { pktInfo: { source: "127.0.0.9" } } })
      expect(String((yield* peer.receive).from)).toBe(`127.0.0.9:${socket.localAddress.port}`)
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 11: a wrong level is ignored, a wrong type is refused", () => {
  it.scoped("bare kernel: a wrong level is sent without an error", () =>
    Effect.gen(function* () {
      const [sender, receiver] = [yield* bound(), yield* bound()]
      ok(receiver.socket.setOption(0, 12, int(1)))
      for (const level of [41, 6, 255, 4242, -1]) {
        expect(sendRaw(sender, receiver, one, message(sender, level, 2, int(5)))).toBe(1)
        expect(receiveRaw(receiver, 64).messages[0]?.payload).toEqual(int(64))
      }
      for (const type of [12, 99]) {
        expect(sendRaw(sender, receiver, one, message(sender, 0, type, int(5)))).toMatchObject({ code: "EINVAL" })
      }
    })
  )
  it.scoped("ours: every message declared for sending changes the received datagram", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit(), withEcn(), withDscp()), at)
      yield* socket.send({ data: one, to: socket.localAddress, control: { hopLimit: 5, ecn: "ce", dscp: 12 } })
      expect((yield* socket.receive).control).toEqual({ hopLimit: 5, ecn: "ce", dscp: 12 })
    }).pipe(Effect.provide(layer))
  )
})

/** Options on real sockets of Linux: their effect on sent and received datagrams, the privileges that they require, and the granted values. */
import { readFileSync } from "node:fs"
import type { Dscp, Ecn } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  DatagramSockets,
  type SendControl,
  SocketOption,
  withBroadcast,
  withDefaultHopLimit,
  withDefaultMark,
  withDefaultPriority,
  withDefaultTrafficClass,
  withDscp,
  withEcn,
  withFreebind,
  withHopLimit,
  withPktInfo,
  withReceiveBufferSize,
  withReusePort,
  withTransparent
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { bundled, ended } from "../../testing/program.ts"

const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const at = { address: "127.0.0.1", port: 0 }
const data = Uint8Array.of(1)
const ipv6 = hasIpv6()
const privileged = requirement("options that want privileges", process.getuid?.() === 0, "Run as root.")

describe("the defaults of every datagram", () => {
  const seen = Datagram.ipv4.pipe(withHopLimit({ only: "receive" }), withDscp(), withEcn())

  it.scoped("are the hop limit and the class of the spec, or of the last live change", () =>
    Effect.gen(function* () {
      const spec = seen.pipe(withDefaultHopLimit(9), withDefaultTrafficClass(0xb9))
      const socket = yield* Datagram.bind(spec, at)
      const exchange = Effect.gen(function* () {
        yield* socket.send({ data, to: socket.localAddress })
        const { dscp, ecn, hopLimit } = (yield* socket.receive).control
        return [hopLimit, dscp, ecn]
      })
      expect(yield* exchange).toEqual([9, 46, "ect1"])
      yield* socket.setOption(SocketOption.defaultHopLimit, 3)
      yield* socket.setOption(SocketOption.defaultTrafficClass, 0x2a)
      expect(yield* exchange).toEqual([3, 10, "ect0"])
    }).pipe(Effect.provide(layer))
  )

  it.scoped("keep their half of the class if a message sends the other half", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(seen.pipe(withDefaultTrafficClass(0xb8)), at)
      const exchange = (control: SendControl<"ipv4", Ecn | Dscp>) =>
        Effect.gen(function* () {
          yield* socket.send({ data, to: socket.localAddress, control })
          const { dscp, ecn } = (yield* socket.receive).control
          return [dscp, ecn]
        })
      expect(yield* exchange({ ecn: "ce" })).toEqual([46, "ce"])
      yield* socket.setOption(SocketOption.defaultTrafficClass, 0x29)
      expect([yield* exchange({ ecn: "ce" }), yield* exchange({ dscp: 46 })]).toEqual([
        [10, "ce"],
        [46, "ect1"]
      ])
    }).pipe(Effect.provide(layer))
  )

  it.scoped.runIf(ipv6)("are set for peers of both families on a dual socket", () =>
    Effect.gen(function* () {
      const dual = yield* Datagram.bind(Datagram.dual.pipe(withDefaultHopLimit(9)), { address: "::", port: 0 })
      const four = yield* Datagram.bind(Datagram.ipv4.pipe(withHopLimit()), at)
      const six = yield* Datagram.bind(Datagram.ipv6.pipe(withHopLimit()), { address: "::1", port: 0 })
      const limits = Effect.gen(function* () {
        yield* dual.send({ data, to: four.localAddress })
        yield* dual.send({ data, to: six.localAddress })
        return [(yield* four.receive).control.hopLimit, (yield* six.receive).control.hopLimit]
      })
      expect(yield* limits).toEqual([9, 9])
      yield* dual.setOption(SocketOption.defaultHopLimit, 4)
      expect(yield* limits).toEqual([4, 4])
    }).pipe(Effect.provide(layer))
  )
})

it.scoped("broadcasting fails without the option, and arrives as a broadcast with it", () =>
  Effect.gen(function* () {
    const receiver = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
    const to = { address: "127.255.255.255", port: receiver.localAddress.port }
    const plain = yield* Datagram.bind(Datagram.ipv4, at)
    expect(yield* Effect.flip(plain.send({ data, to }))).toMatchObject({ reason: "PermissionDenied", code: "EACCES" })
    const allowed = yield* Datagram.bind(Datagram.ipv4.pipe(withBroadcast()), at)
    yield* allowed.send({ data, to })
    expect((yield* receiver.receive).delivery).toBe("broadcast")
    yield* allowed.setOption(SocketOption.broadcast, false)
    expect((yield* Effect.flip(allowed.send({ data, to }))).reason).toBe("PermissionDenied")
  }).pipe(Effect.provide(layer))
)

it.scoped("an address that is not ours can be bound only with withFreebind", () =>
  Effect.gen(function* () {
    const foreign = { address: "192.0.2.77", port: 0 }
    expect(yield* Effect.flip(Datagram.bind(Datagram.ipv4, foreign))).toMatchObject({ reason: "AddressNotAvailable" })
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withFreebind()), foreign)
    expect(String(socket.localAddress.address)).toBe("192.0.2.77")
    if (!ipv6) return
    const six = yield* Datagram.bind(Datagram.ipv6.pipe(withFreebind()), { address: "2001:db8::77", port: 0 })
    expect(String(six.localAddress.address)).toBe("2001:db8::77")
  }).pipe(Effect.provide(layer))
)

it.scoped("sockets that all have withReusePort share a port, others are refused", () =>
  Effect.gen(function* () {
    const shared = Datagram.ipv4.pipe(withReusePort())
    const one = yield* Datagram.bind(shared, at)
    const other = yield* Datagram.bind(shared, one.localAddress)
    expect(other.localAddress.port).toBe(one.localAddress.port)
    const stranger = yield* Effect.flip(Datagram.bind(Datagram.ipv4, one.localAddress))
    expect(stranger).toMatchObject({ reason: "AddressInUse" })
  }).pipe(Effect.provide(layer))
)

it.scoped("a buffer is capped at twice the system's limit, and reports its granted size", () =>
  Effect.gen(function* () {
    const most = Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8"))
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withReceiveBufferSize(0x3fffffff)), at)
    expect(yield* socket.getOption(SocketOption.receiveBufferSize)).toBe(2 * most)
  }).pipe(Effect.provide(layer))
)

it.scoped("a live change of the bound interface changes the interfaces for sending", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), { address: "0.0.0.0", port: 0 })
    expect(yield* socket.getOption(SocketOption.bindToDevice)).toBeUndefined()
    yield* socket.setOption(SocketOption.bindToDevice, "lo")
    expect(yield* socket.getOption(SocketOption.bindToDevice)).toBe("lo")
    const to = { address: "127.0.0.1", port: socket.localAddress.port }
    const elsewhere = socket.send({ data, to, control: { pktInfo: { interfaceIndex: 9_999_999 } } })
    expect((yield* Effect.flip(elsewhere)).message).toContain("this socket is bound to interface 1")
    if (!privileged) return
    yield* socket.setOption(SocketOption.bindToDevice, undefined)
    expect(yield* Effect.flip(elsewhere)).toMatchObject({ code: "ENODEV" })
  }).pipe(Effect.provide(layer))
)

it.scoped("a device that does not exist, live", () =>
  Effect.gen(function* () {
    const socket = yield* Datagram.bind(Datagram.ipv4, at)
    expect(yield* Effect.flip(socket.setOption(SocketOption.bindToDevice, "nosuchdevice0"))).toMatchObject({
      _tag: "DatagramOptionError",
      reason: "InvalidArgument",
      syscall: "setsockopt",
      code: "ENODEV",
      option: "SO_BINDTODEVICE",
      message:
        "Setting SO_BINDTODEVICE failed (setsockopt: ENODEV 19). There is no such interface. Check its name or index."
    })
    const unknown = yield* Effect.flip(socket.setOption(SocketOption.multicastInterface, 9_999_999))
    expect(unknown).toMatchObject({ reason: "InvalidArgument", code: "EADDRNOTAVAIL" })
    expect(unknown.message).toContain("There is no such interface. Check its index.")
  }).pipe(Effect.provide(layer))
)

describe("privileges", () => {
  for (const family of ipv6 ? (["ipv4", "ipv6"] as const) : (["ipv4"] as const)) {
    it.scoped.runIf(privileged)(`with them: transparent, a mark, a high priority, ${family}`, () =>
      Effect.gen(function* () {
        // The tests of both families are equal, so the types of one family suffice.
        const start = (family === "ipv4" ? Datagram.ipv4 : Datagram.ipv6) as typeof Datagram.ipv4
        const spec = start.pipe(withTransparent(), withDefaultMark(0xfffffff0), withDefaultPriority(0x80010001))
        const socket = yield* Datagram.bind(spec, { address: family === "ipv4" ? "127.0.0.1" : "::1", port: 0 })
        expect(yield* socket.getOption(SocketOption.transparent)).toBe(true)
        expect(yield* socket.getOption(SocketOption.defaultMark)).toBe(0xfffffff0)
        expect(yield* socket.getOption(SocketOption.defaultPriority)).toBe(0x80010001)
        yield* socket.setOption(SocketOption.transparent, false)
        expect(yield* socket.getOption(SocketOption.transparent)).toBe(false)
      }).pipe(Effect.provide(layer))
    )
  }

  it("without them: the error names the privilege, before binding and live", async () => {
    const program = bundled(new URL("children/privileges.ts", import.meta.url))
    const { stderr, stdout } = await ended([process.execPath, program])
    expect(stderr).toBe("")
    const refused = (feature: string, privilege = "CAP_NET_ADMIN") => ({
      _tag: "DatagramBindError",
      reason: "PermissionDenied",
      syscall: "setsockopt",
      code: "EPERM",
      message: `Setting ${feature} failed (setsockopt: EPERM 1). The option requires the privilege ${privilege}. Grant it to the process, or leave the option out.`
    })
    const live = (option: string, privilege?: string) => ({
      ...refused(option, privilege),
      _tag: "DatagramOptionError",
      option
    })
    const wants = {
      mark: "'mark' requires CAP_NET_ADMIN or, from Linux 5.17 on, CAP_NET_RAW",
      priority: "'priority' requires CAP_NET_ADMIN or CAP_NET_RAW above 6"
    }
    const unsent = (...keys: ReadonlyArray<keyof typeof wants>) => ({
      _tag: "DatagramSendError",
      reason: "PermissionDenied",
      syscall: "sendmsg",
      code: "EPERM",
      message: expect.stringContaining(
        `with ${keys.map((key) => `'${key}'`).join(" and ")} failed (sendmsg: EPERM 1). ${keys.map((key) => wants[key]).join(", ")}. Grant it`
      ) as string
    })
    const free = { mark: { _tag: "Some", value: 0 }, priority: { _tag: "Some", value: 6 } }
    const toEach = [unsent("mark"), unsent("priority"), unsent("mark", "priority"), free]
    expect(JSON.parse(stdout)).toMatchObject({
      sent: [...toEach, ...toEach],
      byAnotherClock: refused('withTransmitTime({ clock: "tai" })'),
      transparent: refused("withTransparent()"),
      transparent6: refused("withTransparent()"),
      mark: refused("withDefaultMark(1)"),
      lowPriority: "done",
      highPriority: refused("withDefaultPriority(7)"),
      freebind: "done",
      device: "done",
      live: {
        transparent: live("IP_TRANSPARENT/IPV6_TRANSPARENT"),
        mark: live("SO_MARK"),
        device: "done",
        noDevice: live("SO_BINDTODEVICE", "CAP_NET_RAW"),
        boundTo: "lo"
      }
    })
  })
})

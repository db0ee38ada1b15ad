/** Traps about options and groups: first the bare kernel by calls on the socket itself, then ours. */
import { GroupRequest, Ipv4Address } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type DatagramSocket,
  DatagramSockets,
  SocketOption,
  withMulticastAll,
  withMulticastInterface
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Exit, Option, Scope } from "effect"
import { hasIpv6 } from "../../../testing/machine.ts"
import { lastError } from "../../src/internal/errno.ts"
import { int, libc } from "../bareKernel.ts"

const ipv6 = hasIpv6()
const layer = DatagramSockets.layer(LinuxSockets.driver({ guarded: true }), LinuxSockets.capabilities)
const any = { address: "0.0.0.0", port: 0 }
const [EADDRINUSE, EADDRNOTAVAIL] = [98, 99]
const lo = 1
const group = "239.77.3.1"
const stranger = "192.0.2.9"

/** The kernel's result: 0, or the number of the error. */
const set = (
  socket: DatagramSocket<"ipv4", never> | DatagramSocket<"ipv6", never>,
  level: number,
  option: number,
  value: Uint8Array
) =>
  Effect.map(socket.descriptor, (fd) =>
    libc.setsockopt(fd, level, option, value, value.length) === 0 ? 0 : lastError()
  )
const get = (socket: DatagramSocket<"ipv4", never> | DatagramSocket<"ipv6", never>, level: number, option: number) =>
  Effect.map(socket.descriptor, (fd) => {
    const value = new Uint8Array(4)
    libc.getsockopt(fd, level, option, value, new Uint8Array(Uint32Array.of(4).buffer))
    return value
  })

describe("trap 3: values that the kernel changes", () => {
  it.scoped("bare kernel: IP_TOS keeps the low 8 bits of any int; ours rejects larger ones", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, any)
      for (const [given, taken] of [
        [256, 0],
        [-1, 255],
        [0x1b8, 0xb8]
      ] as const) {
        expect(yield* set(socket, 0, 1, int(given))).toBe(0)
        expect(yield* get(socket, 0, 1)).toEqual(int(taken))
        const refused = yield* Effect.flip(socket.setOption(SocketOption.defaultTrafficClass, given))
        expect(refused).toMatchObject({ reason: "InvalidArgument", code: "INVALID", option: "IP_TOS/IPV6_TCLASS" })
      }
      expect(yield* socket.getOption(SocketOption.defaultTrafficClass)).toBe(0xb8)
    }).pipe(Effect.provide(layer))
  )

  it.scoped.runIf(ipv6)("bare: IPV6_TCLASS takes -1 as 0, and hop limit 0 is valid; ours rejects both", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
      expect(yield* set(socket, 41, 67, int(7))).toBe(0)
      expect(yield* set(socket, 41, 67, int(-1))).toBe(0)
      expect(yield* get(socket, 41, 67)).toEqual(int(0))
      expect(yield* set(socket, 41, 16, int(0))).toBe(0)
      expect(yield* get(socket, 41, 16)).toEqual(int(0))
      const errors = yield* Effect.all([
        Effect.flip(socket.setOption(SocketOption.defaultTrafficClass, -1)),
        Effect.flip(socket.setOption(SocketOption.defaultHopLimit, 0))
      ])
      expect(errors.map(({ reason }) => reason)).toEqual(["InvalidArgument", "InvalidArgument"])
    }).pipe(Effect.provide(layer))
  )

  it.scoped("bare kernel: a buffer size is doubled and capped; ours returns the granted size", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(Datagram.ipv4, any)
      expect(yield* set(socket, 1, 8, int(20_000))).toBe(0)
      expect(yield* get(socket, 1, 8)).toEqual(int(40_000))
      yield* socket.setOption(SocketOption.receiveBufferSize, 0x3fffffff)
      const granted = yield* socket.getOption(SocketOption.receiveBufferSize)
      expect(granted).toBeGreaterThan(40_000)
      expect(granted).toBeLessThan(0x3fffffff)
    }).pipe(Effect.provide(layer))
  )
})

describe("trap 32: an interface's index in network order", () => {
  const families = [["ipv4", 0, 50] as const, ...(ipv6 ? [["ipv6", 41, 76] as const] : [])]
  it.scoped.each(families)(
    "%s: bare, in host order no interface has it; ours converts the byte order",
    ([family, level, option]) =>
      Effect.gen(function* () {
        const socket =
          family === "ipv4"
            ? yield* Datagram.bind(Datagram.ipv4, any)
            : yield* Datagram.bind(Datagram.ipv6, { address: "::1", port: 0 })
        expect(yield* set(socket, level, option, int(lo))).toBe(EADDRNOTAVAIL)
        yield* (socket as DatagramSocket<"ipv4", never>).setOption(SocketOption.unicastInterface, lo)
        expect(yield* get(socket, level, option)).toEqual(Uint8Array.of(0, 0, 0, lo))
        expect(yield* (socket as DatagramSocket<"ipv4", never>).getOption(SocketOption.unicastInterface)).toBe(lo)
      }).pipe(Effect.provide(layer))
  )
})

/** True if a socket receives a datagram to the group on its port. */
const hears = (socket: DatagramSocket<"ipv4", never>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const spec = Datagram.ipv4.pipe(withMulticastInterface(lo))
      const sender = yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
      yield* sender.send({ data: Uint8Array.of(1), to: { address: group, port: socket.localAddress.port } })
      return Option.isSome(yield* socket.receiveWithin("50 millis"))
    })
  )

describe("trap 33: groups that others have joined", () => {
  it.scopedLive("bare: a socket bound to any gets them; ours: not with withMulticastAll(false)", () =>
    Effect.gen(function* () {
      const bareKernel = yield* Datagram.bind(Datagram.ipv4, any)
      const ours = yield* Datagram.bind(Datagram.ipv4.pipe(withMulticastAll(false)), any)
      expect([yield* hears(bareKernel), yield* hears(ours)]).toEqual([false, false])
      const other = yield* Datagram.bind(Datagram.ipv4, any)
      yield* other.join(group, { interfaceIndex: lo })
      expect([yield* hears(bareKernel), yield* hears(ours)]).toEqual([true, false])
      yield* ours.join(group, { interfaceIndex: lo })
      expect(yield* hears(ours)).toBe(true)
      // … and on an open socket, on and off.
      yield* bareKernel.setOption(SocketOption.multicastAll, false)
      expect(yield* hears(bareKernel)).toBe(false)
      yield* bareKernel.setOption(SocketOption.multicastAll, true)
      expect(yield* hears(bareKernel)).toBe(true)
    }).pipe(Effect.provide(layer))
  )
})

describe("a source that is joined in addition to the whole group", () => {
  const spec = Datagram.ipv4.pipe(withMulticastAll(false))
  const request = (source: Ipv4Address | undefined) => ({
    group: Ipv4Address.of(239, 77, 3, 1),
    interfaceIndex: lo,
    source
  })
  const [join, joinSource, leaveSource] = [42, 46, 47]

  it.scopedLive("bare kernel: restricts it without an error, and leaving it leaves no source", () =>
    Effect.gen(function* () {
      const { abi } = yield* LinuxSockets.driver()
      const socket = yield* Datagram.bind(spec, any)
      const all = GroupRequest.write(abi, request(undefined))
      const one = GroupRequest.write(abi, request(Ipv4Address.of(192, 0, 2, 9)))
      expect(yield* set(socket, 0, join, all)).toBe(0)
      expect(yield* hears(socket)).toBe(true)
      expect(yield* set(socket, 0, joinSource, one)).toBe(0)
      expect(yield* hears(socket)).toBe(false)
      expect(yield* set(socket, 0, leaveSource, one)).toBe(0)
      expect(yield* hears(socket)).toBe(false)
      // In the other order it is refused.
      const second = yield* Datagram.bind(spec, any)
      expect(yield* set(second, 0, joinSource, one)).toBe(0)
      expect(yield* set(second, 0, join, all)).toBe(EADDRINUSE)
    }).pipe(Effect.provide(layer))
  )

  it.scopedLive("ours: is rejected, and the group is still received", () =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, any)
      yield* socket.join(group, { interfaceIndex: lo })
      const error = yield* Effect.flip(socket.join(group, { interfaceIndex: lo, source: stranger }))
      expect(error).toMatchObject({ reason: "AlreadyJoined", code: "INVALID" })
      expect(yield* hears(socket)).toBe(true)
      const scope = yield* Scope.make()
      const second = yield* Datagram.bind(spec, any)
      yield* Scope.extend(second.join(group, { interfaceIndex: lo, source: stranger }), scope)
      expect((yield* Effect.flip(second.join(group, { interfaceIndex: lo }))).reason).toBe("AlreadyJoined")
      yield* Scope.close(scope, Exit.void)
      yield* second.join(group, { interfaceIndex: lo })
      expect(yield* hears(second)).toBe(true)
    }).pipe(Effect.provide(layer))
  )
})

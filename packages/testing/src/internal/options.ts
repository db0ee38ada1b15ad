/** Options: set by a spec and on an open socket, and read as the system returns them. A refusal states the solution. */
import { describe, expect, it } from "@effect/vitest"
import { Codec, ControlBuffer, ExtensionHeader, type Family, type Internet } from "@ancillary/control"
import {
  Datagram,
  type DatagramError,
  SocketOption,
  withAutoFlowLabel,
  withBindToDevice,
  withBroadcast,
  withDefaultHopLimit,
  withDefaultMark,
  withDefaultPriority,
  withDefaultTrafficClass,
  withDontFragment,
  withDscp,
  withExclusiveUse,
  withFreebind,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withMulticastLoopback,
  withPathMtuDiscovery,
  withReceiveBufferSize,
  withReuseAddress,
  withReusePort,
  withSendBufferSize,
  withSocketOption,
  withSteering,
  withStickyDestinationOptions,
  withStickyHopByHopOptions,
  withStickyRouteOptions,
  withStickyRoutingHeader,
  withTransparent,
  withUnicastInterface
} from "@ancillary/effect3"
import { Effect, Exit, Scope } from "effect"
import { type Bench, bytes, failureOf, successOf } from "./bench.ts"

const loopbackIndex = 1
const loopbacks = { ipv4: "127.0.0.1", ipv6: "::1", dual: "::" } as const
const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, dual: Datagram.dual }
const internet = ["ipv4", "ipv6", "dual"] as const
type Option<A> = SocketOption.SocketOption<A, Family, unknown>

/** A spec without the types that prevent options that the platform lacks. */
const declared = (family: Internet, combinator?: unknown) => {
  const spec = specs[family] as typeof Datagram.ipv4
  return combinator === undefined ? spec : (combinator as (_: typeof spec) => typeof spec)(spec)
}
const bind = (family: Internet, combinator?: unknown) =>
  Datagram.bind(declared(family, combinator), { address: loopbacks[family], port: 0 })

export const options = (all: Bench): void => {
  const { driver, facts, layer, over } = all
  const here = internet.filter((family) => facts.families.includes(family === "ipv4" ? "ipv4" : "ipv6"))

  /** Tests one option. `other` is a value for an open socket, and absent if that is too late. */
  const option = <A>(
    combinator: string,
    option: Option<A>,
    set: (value: A) => unknown,
    value: A,
    more: {
      readonly other?: A
      readonly families?: ReadonlyArray<Internet>
      readonly granted?: (asked: A) => A
    } = {}
  ): void => {
    const { families = internet, granted = (asked: A) => asked, other } = more
    it.scopedLive.each(here.filter((family) => families.includes(family)))(`${combinator}, %s`, (family) =>
      Effect.gen(function* () {
        const { lacks, refuses, untold } = facts.options
        const why = lacks[combinator]
        const code = refuses[combinator]?.[family]
        if (why !== undefined || code !== undefined) {
          const plain = yield* bind(family)
          const refused = yield* Effect.flip(bind(family, set(value)))
          const live = yield* Effect.flip(plain.setOption(option, value))
          const absent = why !== undefined || code === "WSAENOPROTOOPT"
          expect(refused._tag).toBe(absent ? "DatagramUnsupportedError" : "DatagramBindError")
          expect(live).toMatchObject({ reason: absent ? "Unsupported" : "InvalidArgument", option: option.name })
          for (const error of [refused, live]) {
            expect(error.code).toBe(code ?? "INVALID")
            expect(error.message).toContain(why ?? code)
          }
          return
        }
        const socket = yield* bind(family, set(value))
        const reason = family === "ipv4" ? untold[combinator] : undefined
        if (reason !== undefined) {
          const error = yield* Effect.flip(socket.getOption(option))
          expect(error).toMatchObject({ reason: "Unsupported", syscall: "getsockopt", option: option.name })
          expect(error.message).toContain(reason)
        } else expect(yield* socket.getOption(option)).toEqual(granted(value))
        if (other === undefined) return
        yield* socket.setOption(option, other)
        if (reason === undefined) expect(yield* socket.getOption(option)).toEqual(granted(other))
      }).pipe(Effect.provide(layer))
    )
  }

  /**
   * Tests an option that requires a privilege. It is set if this process has the privilege, and refused with its name
   * if not.
   */
  const privileged = <A>(
    combinator: string,
    option: Option<A>,
    set: unknown,
    value: A,
    privilege: string,
    families: ReadonlyArray<Internet> = internet
  ): void =>
    it.scopedLive.each(here.filter((family) => families.includes(family)))(`${combinator}, %s`, (family) =>
      Effect.gen(function* () {
        const plain = yield* bind(family)
        const bound = yield* Effect.either(bind(family, set))
        const live = yield* Effect.either(plain.setOption(option, value))
        const why = facts.options.lacks[combinator]
        for (const outcome of [bound, live]) {
          const refused = failureOf<unknown, DatagramError>(outcome)
          if (refused === undefined) continue
          const expected = why === undefined ? { reason: "PermissionDenied", code: "EPERM" } : { code: "INVALID" }
          expect(refused).toMatchObject(expected)
          expect(refused.message).toContain(why ?? `the privilege ${privilege}`)
        }
        expect(failureOf(bound) === undefined).toBe(failureOf(live) === undefined)
        const socket = successOf(bound)
        if (socket === undefined) return
        for (const each of [socket, plain]) expect(yield* each.getOption(option)).toEqual(value)
      }).pipe(Effect.provide(layer))
    )

  describe("options", () => {
    const { granted } = facts.options
    const O = SocketOption
    option("withReuseAddress", O.reuseAddress, withReuseAddress, true, { other: false })
    option("withReusePort", O.reusePort, withReusePort, true, { other: false })
    option("withExclusiveUse", O.exclusiveUse, withExclusiveUse, true)
    option("withReceiveBufferSize", O.receiveBufferSize, withReceiveBufferSize, 20_000, { other: 40_000, granted })
    option("withSendBufferSize", O.sendBufferSize, withSendBufferSize, 20_000, { other: 40_000, granted })
    option("withBroadcast", O.broadcast, withBroadcast, true, { other: false, families: ["ipv4", "dual"] })
    option("withBindToDevice", O.bindToDevice, (name) => withBindToDevice(String(name)), "lo")
    option("withFreebind", O.freebind, withFreebind, true, { other: false })
    option("withMulticastInterface", O.multicastInterface, () => withMulticastInterface(loopbackIndex), loopbackIndex)
    option("withMulticastHopLimit", O.multicastHopLimit, withMulticastHopLimit, 0, { other: 255 })
    option("withMulticastLoopback", O.multicastLoopback, withMulticastLoopback, false, { other: true })
    option("withMulticastAll", O.multicastAll, withMulticastAll, false, { other: true })
    option("withUnicastInterface", O.unicastInterface, () => withUnicastInterface(loopbackIndex), loopbackIndex)
    option("withDefaultHopLimit", O.defaultHopLimit, withDefaultHopLimit, 1, { other: 255 })
    option("withDefaultTrafficClass", O.defaultTrafficClass, withDefaultTrafficClass, 184, { other: 255 })
    option("withPathMtuDiscovery", O.pathMtuDiscovery, withPathMtuDiscovery, "do", { other: "probe" })
    option("withDontFragment", O.dontFragment, withDontFragment, true, { other: false })
    option("withAutoFlowLabel", O.autoFlowLabel, withAutoFlowLabel, false, { other: true, families: ["ipv6", "dual"] })
    option("withDefaultPriority", O.defaultPriority, withDefaultPriority, 5, { other: 0 })

    privileged("withTransparent", O.transparent, withTransparent(), true, "CAP_NET_ADMIN")
    privileged("withDefaultMark", O.defaultMark, withDefaultMark(0xfedcba98), 0xfedcba98, "CAP_NET_ADMIN")
    const header: Uint8Array = Uint8Array.of(0, 0, 5, 2, 0, 1, 1, 0)
    const segments = ExtensionHeader.buildRouting({ kind: "segments", addresses: ["::", "::1"] })
    const sticky = (combinator: string, option: Option<Uint8Array>, set: unknown, value = header) =>
      privileged(combinator, option, set, value, "CAP_NET_RAW", ["ipv6", "dual"])
    sticky("withStickyHopByHopOptions", O.stickyHopByHopOptions, withStickyHopByHopOptions(header))
    sticky("withStickyDestinationOptions", O.stickyDestinationOptions, withStickyDestinationOptions(header))
    sticky("withStickyRouteOptions", O.stickyRouteOptions, withStickyRouteOptions(header))
    if (!Codec.isMalformed(segments))
      sticky("withStickyRoutingHeader", O.stickyRoutingHeader, withStickyRoutingHeader(segments), segments)

    it.scopedLive.each(here)("withSteering, %s", (family) =>
      Effect.gen(function* () {
        const steering = withSteering({ sockets: 2, key: "payload", offset: 0, length: 1 })
        const why = facts.options.lacks["withSteering"]
        if (why !== undefined) {
          const refused = yield* Effect.flip(bind(family, steering))
          expect(refused).toMatchObject({ _tag: "DatagramUnsupportedError", code: "INVALID" })
          expect(refused.message).toContain(why)
          return
        }
        const first = yield* bind(family, steering)
        const to = { address: family === "dual" ? "::1" : loopbacks[family], port: first.localAddress.port }
        const second = yield* Datagram.bind(declared(family, steering), { ...to, address: loopbacks[family] })
        const client = yield* Datagram.client(declared(family === "dual" ? "ipv6" : family))
        for (const byte of [1, 0, 2, 3]) yield* client.send({ data: Uint8Array.of(byte), to })
        const read = (socket: typeof first) => Effect.map(socket.receive, ({ data }) => data[0])
        expect([yield* read(first), yield* read(first)]).toEqual([0, 2])
        expect([yield* read(second), yield* read(second)]).toEqual([1, 3])
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("an interface that is no longer chosen: undefined, so the routes decide", () =>
      Effect.gen(function* () {
        const family = facts.families.includes("ipv6") ? "ipv6" : "ipv4"
        const socket = yield* bind(family, withMulticastHopLimit(1))
        yield* socket.setOption(SocketOption.multicastInterface, undefined)
        if (family === "ipv4") return
        expect(yield* socket.getOption(SocketOption.multicastInterface)).toBeUndefined()
        yield* socket.setOption(SocketOption.multicastInterface, loopbackIndex)
        expect(yield* socket.getOption(SocketOption.multicastInterface)).toBe(loopbackIndex)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("an interface that does not exist is an invalid argument", () =>
      Effect.gen(function* () {
        const socket = yield* bind("ipv4")
        const error = yield* Effect.flip(socket.setOption(SocketOption.unicastInterface, 9_999_999))
        expect(error).toMatchObject({
          reason: "InvalidArgument",
          syscall: "setsockopt",
          option: O.unicastInterface.name
        })
        expect(error.message).toMatch(
          /^Setting IP_UNICAST_IF\/IPV6_UNICAST_IF failed \(setsockopt: (WSA)?E[A-Z]+ \d+\)\. /
        )
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a connected socket has them, too", () =>
      Effect.gen(function* () {
        const peer = yield* bind("ipv4")
        const socket = yield* Datagram.connect(Datagram.ipv4, peer.localAddress)
        yield* socket.setOption(SocketOption.defaultHopLimit, 7)
        expect(yield* socket.getOption(SocketOption.defaultHopLimit)).toBe(7)
      }).pipe(Effect.provide(layer))
    )

    it.scopedLive("a socket sets only options of its family, a dual one both, IPv6 first", () => {
      const seen: Array<string> = []
      const hooks = { onSetOption: (level: number, option: number) => void seen.push(`${level}/${option}`) }
      return Effect.gen(function* () {
        const levels: Array<unknown> = []
        for (const family of here) {
          const socket = yield* bind(family, withDefaultHopLimit(9))
          yield* socket.setOption(SocketOption.multicastHopLimit, 9)
          // The family itself sets IPV6_V6ONLY, which is an option of IPv6, too.
          levels.push([family, ...seen.splice(0).map((call) => call.split("/")[0])])
        }
        expect(levels).toEqual(
          [
            ["ipv4", "0", "0"],
            ["ipv6", "41", "41", "41"],
            ["dual", "41", "41", "0", "41", "0"]
          ].filter(([family]) => here.some((one) => one === family))
        )
      }).pipe(Effect.provide(over(hooks)))
    })

    it.scopedLive("invalid values: the option and the range, no system call, an unchanged socket", () => {
      let calls = 0
      return Effect.gen(function* () {
        const socket = yield* bind("ipv4", withDefaultHopLimit(9))
        const before = calls
        const set = <A>(option: Option<A>, value: unknown) => socket.setOption(option, value as A)
        const cases = [
          [set(O.defaultHopLimit, 0), `${O.defaultHopLimit.name}: 0 is not a hop limit: an integer from 1 to 255.`],
          [set(O.defaultHopLimit, "9"), `${O.defaultHopLimit.name}: '9' is not a hop limit: an integer from 1 to 255.`],
          [set(O.receiveBufferSize, -1), "SO_RCVBUF: -1 is not a size in bytes: an integer from 1 to 1073741823."],
          [
            set(O.multicastHopLimit, 256),
            "IP_MULTICAST_TTL/IPV6_MULTICAST_HOPS: 256 is not a hop limit for groups: an integer from 0 to 255."
          ],
          [set(O.multicastLoopback, "no"), "IP_MULTICAST_LOOP/IPV6_MULTICAST_LOOP: 'no' is neither true nor false."],
          [
            set(O.multicastInterface, 1.5),
            "IP_MULTICAST_IF/IPV6_MULTICAST_IF: 1.5 is not the index of an interface: an integer from 1."
          ]
        ] as const
        for (const [attempt, message] of cases) {
          const error = yield* Effect.flip(attempt)
          expect(error).toMatchObject({
            _tag: "DatagramOptionError",
            reason: "InvalidArgument",
            code: "INVALID",
            message
          })
        }
        expect(calls).toBe(before)
        expect(yield* socket.getOption(O.defaultHopLimit)).toBe(9)
      }).pipe(Effect.provide(over({ onSetOption: () => void calls++ })))
    })

    it.scopedLive("a socket whose scope has ended has no options", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const socket = yield* Scope.extend(bind("ipv4"), scope)
        yield* Scope.close(scope, Exit.void)
        for (const attempt of [socket.setOption(O.broadcast, true), socket.getOption(O.broadcast)])
          expect(yield* Effect.flip(attempt)).toMatchObject({
            reason: "Closed",
            option: "SO_BROADCAST",
            message: "The socket is closed. Bind another one to go on."
          })
      }).pipe(Effect.provide(layer))
    )

    // The byte of DSCP and ECN as a user-defined option. Winsock has it, too, though Windows may ignore it.
    const row = (option: number) => ({ ipv4: { level: 0, option, codec: Codec.int32 } })
    const classByte = SocketOption.define<number, "ipv4">({
      name: "the class byte",
      table: { linux: row(1), darwin: row(3), winsock: row(3) }
    })

    it.scopedLive("the part of a byte that a message does not set is the socket's current one", () => {
      const sent: Array<Uint8Array> = []
      return Effect.gen(function* () {
        const { abi } = yield* driver
        const spec = Datagram.ipv4.pipe(withDscp({ only: "send" }), withSocketOption(classByte, 1))
        const socket = yield* Datagram.bind(spec, { address: loopbacks.ipv4, port: 0 })
        const send = socket.send({ data: bytes("x"), to: socket.localAddress, control: { dscp: 46 } })
        yield* send
        for (const ecn of [2, 3, 0]) {
          yield* socket.setOption(classByte, ecn)
          expect(yield* socket.getOption(classByte)).toBe(ecn)
          yield* send
        }
        const payloads = sent.flatMap((control) => ControlBuffer.toMessages(abi, control).messages)
        expect(payloads.map(({ payload }) => payload[0])).toEqual([0xb9, 0xba, 0xbb, 0xb8])
      }).pipe(Effect.provide(over({ onSend: ({ control }) => void sent.push(control) })))
    })
  })
}

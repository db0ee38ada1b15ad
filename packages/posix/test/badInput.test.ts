/**
 * Invalid values on real sockets. A value that is known to be wrong fails with a typed error before any system call. Nothing stays open, and the
 * socket still works. The test fails if an option or a sent message is missing here.
 */
import * as control from "@ancillary/control"
import { type ControlMessage, type Family, isMessage, type Message, UnixEndpoint } from "@ancillary/control"
import {
  Datagram,
  SocketOption,
  withBindToDevice,
  withControlMessage,
  withPktInfo,
  withSocketOption
} from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasIpv6 } from "../../testing/machine.ts"
import { leakingNothing, unixLayerOver } from "./files.ts"

const data = Uint8Array.of(1)
const ipv6 = hasIpv6()

/** The real driver, with counts of opened sockets, set options and sends. */
const counting = () => {
  const calls = { opened: 0, set: 0, sent: 0 }
  const hooks: FaultyDriver.Hooks = {
    onOpen: () => void calls.opened++,
    onSetOption: () => void calls.set++,
    onSend: () => void calls.sent++
  }
  return { calls, layer: unixLayerOver((driver) => FaultyDriver.wrap(driver, hooks)) }
}

// The option or the message determines the type of its values. These values are wrong.
type AnyOption = SocketOption.SocketOption<unknown, Family>
const isOption = (value: unknown): value is AnyOption => typeof value === "object" && value !== null && "cell" in value
const options = Object.entries<unknown>(SocketOption).flatMap(([name, option]) =>
  isOption(option) ? [{ name, option }] : []
)
const notASwitch = [1, "on", undefined]
const notUint32 = [-1, 2 ** 32, 0.5, "1"]
const notAHeader = [new Uint8Array(7), new Uint8Array(2048), Uint8Array.of(0, 9, 0x1e, 200, 0, 0, 0, 0), "header"]
const wrongOptions: { readonly [option: string]: ReadonlyArray<unknown> } = {
  autoFlowLabel: notASwitch,
  bindToDevice: ["", "a name that is too long", 1],
  broadcast: notASwitch,
  defaultHopLimit: [0, 256, -1, 1.5, "64"],
  defaultMark: notUint32,
  defaultPriority: notUint32,
  defaultTrafficClass: [-1, 256, 0.5, "0"],
  dontFragment: notASwitch,
  exclusiveUse: notASwitch,
  freebind: notASwitch,
  multicastAll: notASwitch,
  multicastHopLimit: [-1, 256, 0.5, "1"],
  multicastInterface: [0, -1, 1.5, 2 ** 31, "lo"],
  multicastLoopback: notASwitch,
  pathMtuDiscovery: ["perhaps", "toString", 2, undefined],
  receiveBufferSize: [0, -1, 2 ** 30, 1.5],
  reuseAddress: notASwitch,
  reusePort: notASwitch,
  sendBufferSize: [0, -1, 2 ** 30, 1.5],
  steering: [
    undefined,
    {},
    { sockets: 0, key: "source" },
    { sockets: 2, key: "port" },
    { sockets: 2, key: "payload", offset: 0, length: 3 },
    { sockets: 2, key: "payload", offset: -1, length: 1 },
    { sockets: 2, key: "connectionId", offset: 255, length: 1 }
  ],
  stickyDestinationOptions: notAHeader,
  stickyHopByHopOptions: notAHeader,
  stickyRouteOptions: notAHeader,
  stickyRoutingHeader: [...notAHeader, new Uint8Array(8)],
  transparent: notASwitch,
  unicastInterface: [0, -1, 1.5, 2 ** 31, "lo"]
}

it("every option has a list of invalid values", () => {
  expect(options.map(({ name }) => name).toSorted()).toEqual(Object.keys(wrongOptions))
})

describe("an option", () => {
  const spec = ipv6 ? Datagram.dual : (Datagram.ipv4 as unknown as typeof Datagram.dual)
  const at = { address: ipv6 ? "::" : "0.0.0.0", port: 0 }
  const mine = options.filter(({ option }) => ipv6 || option.cell("linux", "ipv4") !== undefined)

  it.live.each(mine)(
    "$name, out of range: is rejected by name before opening and on an open socket",
    ({ name, option }) => {
      const { calls, layer } = counting()
      return leakingNothing(
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(spec, at)
          const before = { ...calls }
          for (const value of wrongOptions[name] ?? []) {
            const attempts = [
              Effect.asVoid(Datagram.bind(spec.pipe(withSocketOption(option, value)), at)),
              socket.setOption(option, value)
            ]
            for (const attempt of attempts) {
              const error = yield* Effect.flip(attempt as Effect.Effect<void, { readonly message: string }>)
              // An option that Linux lacks fails with any value.
              if (name === "exclusiveUse") expect(error.message).toContain("on Linux an address is exclusive unless")
              else expect(error).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
              expect(error.message).toMatch(/\S\.$/)
            }
          }
          expect(calls).toEqual(before)
          const to = { address: "127.0.0.1", port: socket.localAddress.port }
          yield* socket.send({ data, to })
          expect((yield* socket.receive).data).toEqual(data)
        }),
        layer
      )
    }
  )

  it.live("with an interface that does not exist", () =>
    leakingNothing(
      Effect.gen(function* () {
        const refused = yield* Effect.flip(
          Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("nosuchdevice0")), loopback)
        )
        expect(refused).toMatchObject({ _tag: "DatagramBindError", reason: "InvalidArgument", code: "ENODEV" })
        const socket = yield* Datagram.bind(Datagram.ipv4.pipe(withPktInfo()), loopback)
        for (const [option, value] of [
          [SocketOption.bindToDevice, "nosuchdevice0"],
          [SocketOption.multicastInterface, 9_999_999],
          [SocketOption.unicastInterface, 9_999_999]
        ] as const)
          expect(yield* Effect.flip(socket.setOption(option as never, value as never))).toMatchObject({
            reason: "InvalidArgument",
            syscall: "setsockopt"
          })
        const to = socket.localAddress
        const elsewhere = socket.send({ data, to, control: { pktInfo: { interfaceIndex: 9_999_999 } } })
        expect(yield* Effect.flip(elsewhere)).toMatchObject({ reason: "InvalidArgument", code: "ENODEV" })
        const joining = Effect.scoped(socket.join("239.77.1.3", { interfaceIndex: 9_999_999 }))
        expect(yield* Effect.flip(joining)).toMatchObject({ reason: "NoSuchInterface" })
        const unicast = Effect.scoped(socket.join("192.0.2.1"))
        expect(yield* Effect.flip(unicast)).toMatchObject({ reason: "InvalidArgument", code: "INVALID" })
        yield* socket.send({ data, to })
        expect((yield* socket.receive).data).toEqual(data)
      })
    )
  )
})

const loopback = { address: "127.0.0.1", port: 0 }
type AnyMessage = Message<ControlMessage.Any>
const notAHeaderToSend = [
  { options: [{ type: 1, data }] },
  { options: [{ type: 0x1e, data: new Uint8Array(256) }] },
  { options: [{ type: 0x1e, data, alignment: { x: 16, y: 0 } }] },
  { options: Array.from({ length: 9 }, () => ({ type: 0x1e, data: new Uint8Array(255) })) },
  { options: "none" },
  new Uint8Array(8)
]
const wrongMessages: { readonly [key: string]: ReadonlyArray<unknown> } = {
  credentials: [{ pid: 0, uid: 0, gid: 0 }, { pid: 1, uid: -1, gid: 0 }, { pid: 1, uid: 0, gid: 2 ** 32 }, 1],
  destinationOptions: notAHeaderToSend,
  dscp: [-1, 64, 1.5, "46"],
  ecn: ["maybe", 1, "toString"],
  flowLabel: [0, -1, 0x100000, "1"],
  hopByHopOptions: notAHeaderToSend,
  hopLimit: [0, -1, 256, 65_541, 1.5, "64"],
  ipOptions: [new Uint8Array(41), Uint8Array.of(7), Uint8Array.of(7, 1), Uint8Array.of(7, 9, 4), "rr"],
  mark: notUint32,
  pktInfo: [{ interfaceIndex: -1 }, { interfaceIndex: 2 ** 32 }, { source: "no address" }, { sauce: "x" }, 1],
  priority: notUint32,
  rights: [[], Array.from({ length: 254 }, () => 0), [-1], [0.5], 0],
  segmentSize: [0, -1, 65_536, 1.5],
  trafficClass: [-1, 256, 1.5, "0"],
  transmitTime: [-1n, 2n ** 64n, 1, "1"],
  transmitTimestamp: [-1, 2 ** 32, 1.5, { id: -1 }, { id: 1, scheduled: 1 }, { id: 1, sent: true }, "7"],
  unfragmented: [1, 0, "yes"]
}

const sent = (["ipv4", "ipv6", "unix"] as const)
  .filter((family) => ipv6 || family !== "ipv6")
  .flatMap((family) =>
    Object.values<unknown>(control)
      .filter((value): value is AnyMessage => isMessage(value))
      .flatMap((message) => {
        const cell = message.cell("linux", family)
        if (control.isUnsupported(cell) || cell.send === undefined || control.isUnsupported(cell.send)) return []
        return [{ family, key: message.key, message }]
      })
  )

it("every message that Linux sends has a list of invalid values", () => {
  const keys = new Set([...sent.map(({ key }) => key), ...(ipv6 ? [] : ["flowLabel", "unfragmented"])])
  for (const key of keys) expect([key, (wrongMessages[key] ?? []).length > 0]).toEqual([key, true])
})

describe("a message", () => {
  it.live.each(sent)(
    "$key, $family, out of range: is rejected with its field, and nothing is sent",
    ({ family, key, message }) => {
      const { calls, layer } = counting()
      return leakingNothing(
        Effect.gen(function* () {
          // This code serves every family, which the compiler cannot check.
          const spec = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6, unix: Datagram.unix }[family] as typeof Datagram.ipv4
          const declared = spec.pipe(withControlMessage(message as never)) as unknown as typeof Datagram.ipv4
          const at =
            family === "unix"
              ? new UnixEndpoint(undefined)
              : { ...loopback, address: family === "ipv4" ? "127.0.0.1" : "::1" }
          const socket = yield* Datagram.bind(declared, at as typeof loopback)
          for (const value of wrongMessages[key] ?? []) {
            const given = { [key]: value } as never
            const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control: given }))
            expect([key, value, error.reason, error.code, error.field]).toEqual([
              key,
              value,
              "InvalidArgument",
              "INVALID",
              Option.some(`control.${key}`)
            ])
            expect(error.message).toMatch(/ Nothing was sent\.$/)
          }
          expect(calls.sent).toBe(0)
          yield* socket.send({ data, to: socket.localAddress })
          expect((yield* socket.receive).data).toEqual(data)
        }),
        layer
      )
    }
  )
})

it.live("a path that is too long or invalid is rejected by every call", () => {
  const { calls, layer } = counting()
  return leakingNothing(
    Effect.gen(function* () {
      const socket = yield* Datagram.client(Datagram.unix)
      const before = { ...calls }
      for (const [path, why] of [
        [`/tmp/${"x".repeat(104)}`, "the path takes 109 bytes, a Unix socket name has room for 108"],
        // 36 letters of three bytes.
        [`\0${"\u20ac".repeat(36)}`, "the path takes 109 bytes, a Unix socket name has room for 108"],
        ["/tmp/a\0b", "a path cannot contain a NUL"]
      ] as const) {
        const opening = [
          Effect.asVoid(Datagram.bind(Datagram.unix, { path })),
          Effect.asVoid(Datagram.connect(Datagram.unix, { path })),
          Effect.asVoid(Datagram.connect(Datagram.unix, socket.localAddress, { local: { path } }))
        ]
        for (const attempt of opening)
          expect(yield* Effect.flip(attempt)).toMatchObject({
            reason: "InvalidArgument",
            code: "INVALID",
            message: `The address cannot be used: ${why}.`
          })
        expect((yield* Effect.flip(socket.send({ data, to: { path } }))).message).toBe(`to: ${why}. Nothing was sent.`)
      }
      expect(calls).toEqual(before)
      yield* socket.send({ data, to: socket.localAddress })
      expect((yield* socket.receive).data).toEqual(data)
    }),
    layer
  )
})

/**
 * IPv6 extension headers: sent ones arrive, with types, and malformed ones are not sent. If the system lacks a header,
 * the error states it.
 */
import { ControlBuffer, ExtensionHeader } from "@ancillary/control"
import {
  Datagram,
  DatagramSockets,
  withDestinationOptions,
  withHopByHopOptions,
  withHopLimit,
  withNextHop,
  withOptional,
  withRoutingHeader,
  withStickyDestinationOptions,
  withStickyHopByHopOptions
} from "@ancillary/effect3"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import type { ReceivedSlot, SentDatagram } from "../FaultyDriver.ts"
import { type Bench, bytes, text } from "./bench.ts"

const at = { address: "::1", port: 0 }
const data = bytes("x")
const needs = [
  "hopByHopOptions",
  "destinationOptions",
  "routingHeader",
  "sentRoutingHeader",
  "nextHop",
  "stickyHeaders"
] as const
const UDP = 17
const DESTINATION = 60

const alert = { options: [ExtensionHeader.routerAlert(1)] }
/** An option that a node skips if it does not know the type. */
const option = (size: number) => ({ type: 0x1e, data: new Uint8Array(size).fill(7) })
const typesOf = (headers: ReadonlyArray<ExtensionHeader.OptionsHeader>) =>
  headers.map(({ nextHeader, options }) => [nextHeader, ...options.map(({ type }) => type)])

/** Control data for `send`, and the error with its field and its reason. */
const malformed: ReadonlyArray<readonly [object, string]> = [
  [
    { hopByHopOptions: alert.options },
    "control.hopByHopOptions: [object Object] is not an options header: a record with an array of 'options'"
  ],
  [
    { hopByHopOptions: { options: [{ type: 1, data }] } },
    "control.hopByHopOptions: option 0: type 1 is padding, which is inserted if alignment requires it"
  ],
  [
    { hopByHopOptions: { options: [{ type: 0x1e, data: "x" }] } },
    "control.hopByHopOptions: option 0: the data 'x' is not a Uint8Array"
  ],
  [
    { destinationOptions: { options: [option(256)] } },
    "control.destinationOptions: option 0: 256 bytes of data are more than the 255 that fit into an option"
  ],
  [
    { destinationOptions: { options: [option(1), { ...option(1), alignment: { x: 16, y: 0 } }] } },
    "control.destinationOptions: option 1: an alignment to 16 bytes is not allowed: give 1, 2, 4 or 8"
  ],
  [
    { destinationOptions: { options: Array.from({ length: 8 }, () => option(255)) } },
    "control.destinationOptions: 2064 bytes of options are more than the 2048 that fit into a header"
  ],
  [
    { nextHop: "fe80::1" },
    "control.nextHop: fe80::1 is link-local and names no interface: write fe80::1%2 for the one with index 2"
  ],
  [{ nextHop: "ff02::1" }, "control.nextHop: ff02::1 is no address of an IPv6 neighbour"],
  [
    { routingHeader: { kind: "homeAddress", address: "::1" } },
    "control.routingHeader: 'routingHeader' cannot be sent on this socket: its spec does not declare it for sending"
  ]
]
/** Routing headers that `send` refuses, if the system can send any. */
const misrouted: ReadonlyArray<readonly [unknown, string]> = [
  [
    { kind: "sourceRoute", addresses: ["::1"] },
    "a routing header of type 0 must not be sent (RFC 5095): it lets anybody send packets to and fro between two nodes"
  ],
  [{ kind: "segments", addresses: [] }, "segments are an array of at least one address"],
  [{ kind: "segments", addresses: ["::1"], segmentsLeft: 2 }, "2 segments left of 1"],
  [{ kind: "homeAddress", address: "127.0.0.1" }, "'127.0.0.1' does not have the eight groups of an IPv6 address"]
]

export const headers = ({ driver, facts, fault, outcome, receive }: Bench): void => {
  const over = (hooks: FaultyDriver.Hooks) =>
    DatagramSockets.layer(
      Effect.map(driver, (driver) => FaultyDriver.wrap(driver, hooks)),
      needs
    )
  const layer = over({})

  describe.runIf(facts.families.includes("ipv6"))(`extension headers: ${facts.extensionHeaders}`, () => {
    const spec = Datagram.ipv6.pipe(withHopLimit(), withHopByHopOptions(), withDestinationOptions())

    const exchanged = () => {
      it.scopedLive("are sent with a datagram, alone and together, and absent ones add no entry", () =>
        Effect.gen(function* () {
          const [sender, socket] = [yield* Datagram.bind(spec, at), yield* Datagram.bind(spec, at)]
          const to = socket.localAddress
          const both = { hopByHopOptions: alert, destinationOptions: { options: [option(3), option(5)] } }
          yield* sender.send({ data, to })
          yield* sender.send({ data, to, control: { hopByHopOptions: alert } })
          yield* sender.send({ data, to, control: { ...both, hopLimit: 9 } })
          // A received header can be sent.
          const [none, first, second] = [yield* receive(socket), yield* receive(socket), yield* receive(socket)]
          const [again] = second.control.destinationOptions
          yield* sender.send({ data, to, control: { destinationOptions: again } })
          const third = yield* receive(socket)
          const seen = [none, first, second, third].map(({ control }) => [
            control.hopLimit,
            typesOf(control.hopByHopOptions),
            typesOf(control.destinationOptions)
          ])
          expect(seen).toEqual([
            [64, [], []],
            [64, [[UDP, 5]], []],
            [9, [[DESTINATION, 5]], [[UDP, 0x1e, 0x1e]]],
            [64, [], [[UDP, 0x1e, 0x1e]]]
          ])
          expect(first.control.hopByHopOptions).toEqual([
            {
              nextHeader: UDP,
              options: [{ type: 5, data: Uint8Array.of(0, 1), ifUnknown: "skip", changeable: false }],
              bytes: Uint8Array.of(UDP, 0, 5, 2, 0, 1, 1, 0)
            }
          ])
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive("a received header has the bytes of the packet, with their padding and places", () =>
        Effect.gen(function* () {
          // No builder makes these layouts: padding before, between and after the options. A sticky header is sent as
          // its bytes.
          const layouts = [
            [0, 1, 0, 0x1e, 1, 7, 0, 1, 2, 0, 0, 0x1e, 1, 8, 0, 0],
            [0, 0, 1, 4, 0, 0, 0, 0],
            [0, 1, 1, 1, 0, 0x3e, 5, 1, 2, 3, 4, 5, 0, 0, 1, 0]
          ]
          const socket = yield* Datagram.bind(spec, at)
          for (const [first, ...rest] of layouts) {
            const header = Uint8Array.from([first ?? 0, ...rest])
            const both = Datagram.ipv6.pipe(withStickyHopByHopOptions(header), withStickyDestinationOptions(header))
            const sender = yield* Datagram.client(both)
            yield* sender.send({ data, to: socket.localAddress })
            const { control } = yield* receive(socket)
            expect(control.hopByHopOptions.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(DESTINATION, ...rest)])
            expect(control.destinationOptions.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(UDP, ...rest)])
          }
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive("the largest, of 2048 bytes, arrives completely if it is declared", () =>
        Effect.gen(function* () {
          const large = Datagram.ipv6.pipe(withDestinationOptions({ maximumBytes: 2048 }))
          const socket = yield* Datagram.bind(large, at)
          // 8 options, because Linux drops a header of more (net.ipv6.max_dst_opts_number).
          const header = { options: [...Array.from({ length: 7 }, () => option(253)), option(255)] }
          yield* socket.send({ data, to: socket.localAddress, control: { destinationOptions: header } })
          expect((yield* receive(socket)).control.destinationOptions).toMatchObject([header])
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive("one that exceeds the declared room is a fault of only its datagram", () =>
        Effect.gen(function* () {
          const narrow = Datagram.ipv6.pipe(withHopLimit(), withDestinationOptions({ maximumBytes: 16 }))
          const socket = yield* Datagram.bind(narrow, at)
          for (const size of [12, 13, 12])
            yield* socket.send({
              data,
              to: socket.localAddress,
              control: { destinationOptions: { options: [option(size)] } }
            })
          const first = yield* Effect.flatten(outcome(socket))
          expect(first.control.destinationOptions).toHaveLength(1)
          yield* fault(socket, {
            _tag: "DatagramFault",
            reason: "ControlTruncated",
            key: Option.some("destinationOptions")
          })
          expect((yield* receive(socket)).control.destinationOptions).toHaveLength(1)
          expect(yield* socket.stats).toMatchObject({ dequeued: 3n, delivered: 2n, faults: { ControlTruncated: 1n } })
        }).pipe(Effect.provide(layer))
      )

      it.scopedLive("several of one kind are an array in packet order; a malformed one is a fault", () => {
        const bend = (slot: ReceivedSlot) => {
          // The one header that arrived, twice, and then twice with an option that leaves its bytes.
          const came = slot.control.slice(0, slot.controlLength)
          const again = Uint8Array.from(came)
          if (slot.data[0] === 0x62) again[again.length - 5] = 200
          slot.control.set(again, came.length)
          slot.controlLength *= 2
        }
        return Effect.gen(function* () {
          const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withDestinationOptions()), at)
          const control = { destinationOptions: { options: [option(4)] } }
          for (const each of ["a", "b", "a"])
            yield* socket.send({ data: bytes(each), to: socket.localAddress, control })
          const first = yield* Effect.flatten(outcome(socket))
          expect(typesOf(first.control.destinationOptions)).toEqual([
            [UDP, 0x1e],
            [UDP, 0x1e]
          ])
          yield* fault(socket, {
            reason: "ControlMalformed",
            key: Option.some("destinationOptions"),
            message: expect.stringMatching(
              /'destinationOptions' is malformed: an option of type 30 declares 200 bytes, 4 are left$/
            )
          })
          expect(text((yield* receive(socket)).data)).toBe("a")
        }).pipe(Effect.provide(over({ onReceived: bend })))
      })
    }

    const notPermitted = () => {
      it.scopedLive("require a privilege that this process lacks", () =>
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(spec, at)
          const to = socket.localAddress
          const error = yield* Effect.flip(socket.send({ data, to, control: { hopByHopOptions: alert } }))
          expect(error).toMatchObject({ reason: "PermissionDenied", field: Option.some("control.hopByHopOptions") })
          yield* socket.send({ data, to })
          expect(text((yield* receive(socket)).data)).toBe("x")
        }).pipe(Effect.provide(layer))
      )
    }

    const refused = () => {
      it.scopedLive("are requested by options that the system refuses, with their names", () =>
        Effect.gen(function* () {
          const unsupported = {
            _tag: "DatagramUnsupportedError",
            syscall: "setsockopt",
            code: "WSAENOPROTOOPT",
            errno: 10042
          }
          expect(yield* Effect.flip(Datagram.bind(Datagram.ipv6.pipe(withHopByHopOptions()), at))).toMatchObject({
            ...unsupported,
            feature: "withHopByHopOptions()"
          })
          expect(yield* Effect.flip(Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader()), at))).toMatchObject({
            ...unsupported,
            feature: "withRoutingHeader()"
          })
          const optional = Datagram.ipv6.pipe(
            withOptional(withHopByHopOptions()),
            withOptional(withRoutingHeader()),
            withOptional(withDestinationOptions()),
            withOptional(withNextHop())
          )
          const socket = yield* Datagram.bind(optional, at)
          expect(socket.declined.map(({ key }) => key).toSorted()).toEqual([
            "destinationOptions",
            "hopByHopOptions",
            "nextHop",
            "routingHeader"
          ])
          yield* socket.send({ data, to: socket.localAddress })
          const { control } = yield* receive(socket)
          expect([control.hopByHopOptions, control.routingHeader, control.destinationOptions]).toEqual([[], [], []])
          const declined = yield* Effect.flip(
            socket.send({ data, to: socket.localAddress, control: { nextHop: "2001:db8::1" } })
          )
          expect(declined).toMatchObject({ reason: "Unsupported", field: Option.some("control.nextHop") })
        }).pipe(Effect.provide(layer))
      )
    }

    const tests = { exchanged, "not permitted": notPermitted, refused }
    tests[facts.extensionHeaders]()

    it.scopedLive("the sent bytes are exactly the headers, each under its number", () => {
      const sent: Array<SentDatagram> = []
      // The hook records the bytes and does not send them, because the system might refuse them.
      const onSend = (datagram: SentDatagram) => {
        sent.push(datagram)
        return { syscall: facts.syscalls.send, code: "EPERM", errno: 1 }
      }
      return Effect.gen(function* () {
        const { abi } = yield* driver
        const numbered = Datagram.ipv6.pipe(
          withHopByHopOptions({ only: "send" }),
          withDestinationOptions({ type: 77, only: "send" }),
          withNextHop({ type: 78 })
        )
        const socket = yield* Datagram.bind(numbered, at)
        const control = { hopByHopOptions: alert, destinationOptions: { options: [option(5)] }, nextHop: "fe80::1%3" }
        const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))
        expect(error.reason).toBe("PermissionDenied")
        const { malformed, messages } = ControlBuffer.toMessages(abi, sent[0]?.control ?? new Uint8Array(0))
        expect(malformed).toBeUndefined()
        const windows = abi.platform === "winsock"
        expect(messages.slice(0, 2)).toEqual([
          { level: 41, type: windows ? 1 : 54, payload: Uint8Array.of(0, 0, 5, 2, 0, 1, 1, 0) },
          {
            level: 41,
            type: windows ? 77 : 59,
            payload: Uint8Array.of(0, 1, 0x1e, 5, 7, 7, 7, 7, 7, 1, 5, 0, 0, 0, 0, 0)
          }
        ])
        expect(messages[2]).toMatchObject({ level: 41, type: 78 })
        expect(messages[2]?.payload.subarray(8, 25)).toEqual(Uint8Array.of(0xfe, 0x80, ...new Uint8Array(13), 1, 3))
      }).pipe(Effect.provide(over({ onSend })))
    })

    it.scopedLive("malformed headers are rejected with their field, and nothing is sent", () => {
      let calls = 0
      return Effect.gen(function* () {
        const sends = Datagram.ipv6.pipe(
          withHopByHopOptions({ only: "send" }),
          withDestinationOptions({ type: 77, only: "send" }),
          withNextHop({ type: 78 })
        )
        const socket = yield* Datagram.bind(sends, at)
        const to = socket.localAddress
        for (const [control, sentence] of malformed) {
          const error = yield* Effect.flip(socket.send({ data, to, control: control as never }))
          expect([error.reason, error.code, error.message]).toEqual([
            "InvalidArgument",
            "INVALID",
            `${sentence}. Nothing was sent.`
          ])
        }
        expect(calls).toBe(0)
        yield* socket.send({ data, to })
        expect(text((yield* receive(socket)).data)).toBe("x")
      }).pipe(Effect.provide(over({ onSend: () => void calls++ })))
    })

    it.scopedLive("a routing header with a datagram: rejected if unsupported or malformed", () => {
      const sent: Array<SentDatagram> = []
      return Effect.gen(function* () {
        const { abi } = yield* driver
        const routed = Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader({ only: "send" })), at)
        if (abi.platform === "linux") {
          expect((yield* Effect.flip(routed)).message).toMatch(
            /^withRoutingHeader\(\{ only: "send" \}\): Linux takes no routing header/
          )
          return
        }
        const socket = yield* routed
        const to = socket.localAddress
        for (const [routingHeader, why] of misrouted) {
          const error = yield* Effect.flip(
            socket.send({ data, to, control: { routingHeader: routingHeader as never } })
          )
          expect(error.message).toBe(`control.routingHeader: ${why}. Nothing was sent.`)
        }
        expect(sent).toEqual([])
        const segments = { kind: "segments", addresses: ["::1"], tag: 0x1234 } as const
        yield* socket.send({ data, to, control: { routingHeader: segments } })
        const { messages } = ControlBuffer.toMessages(abi, sent[0]?.control ?? new Uint8Array(0))
        expect(messages).toEqual([{ level: 41, type: 32, payload: ExtensionHeader.buildRouting(segments) }])
      }).pipe(Effect.provide(over({ onSend: (datagram) => void sent.push(datagram) })))
    })
  })
}

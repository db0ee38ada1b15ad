/** Each plain message once: sent and received if the platform supports it, and refused if it does not. */
import { describe, expect, it } from "@effect/vitest"
import { type Abi, type Capability, ControlBuffer, type ControlMessage } from "@ancillary/control"
import {
  Datagram,
  DatagramSockets,
  type Spec,
  withCoalescedSize,
  withCoalescing,
  withCounterTimestamp,
  withDropCount,
  withFlowLabel,
  withFragmentSize,
  withIpOptions,
  withMark,
  withOptional,
  withOriginalArrivalInterface,
  withOriginalDestination,
  withChecksum,
  withDscp,
  withEcn,
  withPktInfo,
  withPriority,
  withReceiveBufferSize,
  withSegmentation,
  withTimestamp,
  withTimestamping,
  withTrafficClass,
  withTransmitTime,
  withUnfragmented,
  type With
} from "@ancillary/effect3"
import { Effect, Option, type Scope } from "effect"
import * as FaultyDriver from "../FaultyDriver.ts"
import { type Bench, bytes, failureOf, successOf } from "./bench.ts"

const loopbacks = { ipv4: "127.0.0.1", ipv6: "::1" } as const
const specs = { ipv4: Datagram.ipv4, ipv6: Datagram.ipv6 }
type Either = keyof typeof specs

/** Features of all platforms, so that the test shows at run time which of them this one lacks. */
const features = [
  "checksum",
  "coalescing",
  "counterTimestamp",
  "dropCount",
  "flowLabel",
  "fragmentSize",
  "ipOptions",
  "mark",
  "originalArrivalInterface",
  "originalDestination",
  "priority",
  "segmentation",
  "timestamp",
  "timestamping",
  "transmitTime"
] as const
type Feature = (typeof features)[number]

export const messages = ({ driver, facts, receive }: Bench): void => {
  const honoured = facts.sentControl === "honoured"
  const layerOver = (hooks: FaultyDriver.Hooks) =>
    DatagramSockets.layer(
      Effect.map(driver, (each) => FaultyDriver.wrap(each, hooks)),
      features
    )
  const layer = layerOver({})
  const data = bytes("x")

  const at = (family: Either) => ({ address: loopbacks[family], port: 0 })
  /** The specs of both families have the same messages, but the compiler requires one family. */
  const either = (family: Either) => specs[family] as typeof Datagram.ipv4

  /** Sends a datagram to its own socket, and returns the received control data. */
  const seen = <D extends ControlMessage.Any, R>(
    spec: Spec<"ipv4", D, R>,
    family: Either,
    control: Spec.Sendable<Spec<"ipv4", D, R>>,
    payload: Uint8Array = data
  ) =>
    Effect.gen(function* () {
      const socket = yield* Datagram.bind(spec, at(family))
      yield* socket.send({ data: payload, to: socket.localAddress, control })
      return (yield* receive(socket)).control
    })

  /** The one message of a sent control buffer: level, type, payload. */
  const sentAs = (abi: Abi, sent: ReadonlyArray<FaultyDriver.SentDatagram>) =>
    sent.flatMap(({ control }) =>
      ControlBuffer.toMessages(abi, control).messages.map(({ level, payload, type }) => [level, type, ...payload])
    )

  const here = (families: ReadonlyArray<Either>) => families.filter((family) => facts.families.includes(family))

  /**
   * Runs the case if the message is supported. Otherwise binding fails with the reason, and the optional message is
   * declined with it.
   */
  const message = <M extends ControlMessage.Any>(
    key: M["key"],
    combinator: With<M>,
    families: ReadonlyArray<Either>,
    run: (family: Either) => Effect.Effect<void, unknown, DatagramSockets | Scope.Scope | Capability<Feature>>
  ): void => {
    const why = facts.lacks[key]
    const code = facts.refuses[key]
    it.scopedLive.each(here(families))(
      `${key}, %s${why === undefined && code === undefined ? "" : ": refused"}`,
      (family) => {
        if (why === undefined && code === undefined) return Effect.provide(run(family), layer)
        const declared = (each: unknown) => (each as (_: typeof Datagram.ipv4) => typeof Datagram.ipv4)(either(family))
        return Effect.gen(function* () {
          const error = yield* Effect.flip(Datagram.bind(declared(combinator), at(family)))
          expect(error).toMatchObject({ _tag: "DatagramUnsupportedError", code: code ?? "INVALID" })
          expect(error.message).toContain(why ?? "this system refuses the option that asks for it")
          const socket = yield* Datagram.bind(declared(withOptional(combinator)), at(family))
          expect(socket.declined.map((each) => each.key)).toEqual([key])
          expect(socket.declined[0]?.why).toContain(why ?? code)
          yield* socket.send({ data, to: socket.localAddress })
          expect((yield* receive(socket)).data).toEqual(data)
          const sent = yield* Effect.flip(
            socket.send({ data, to: socket.localAddress, control: { [key]: 1 } as never })
          )
          expect(sent).toMatchObject({ reason: "Unsupported", field: Option.some(`control.${key}`) })
        }).pipe(Effect.provide(layer))
      }
    )
  }

  /** Asserts that `send` refuses each value with its sentence. No datagram is sent, and the socket still works. */
  const refuses = <M extends ControlMessage.Any>(
    key: M["key"],
    combinator: With<M>,
    family: Either,
    cases: ReadonlyArray<readonly [unknown, string]>
  ): void => {
    if (key in facts.lacks || !facts.families.includes(family)) return
    it.scopedLive(`${key}: a value out of its range is rejected before any call`, () => {
      let calls = 0
      return Effect.gen(function* () {
        const declared = (combinator as unknown as (_: typeof Datagram.ipv4) => typeof Datagram.ipv4)(either(family))
        const socket = yield* Datagram.bind(declared, at(family))
        for (const [value, sentence] of cases) {
          const control = { [key]: value } as never
          const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))
          expect(error).toMatchObject({
            reason: "InvalidArgument",
            field: Option.some(`control.${key}`),
            message: `control.${key}: ${sentence}. Nothing was sent.`
          })
        }
        expect(calls).toBe(0)
        yield* socket.send({ data, to: socket.localAddress })
        expect((yield* receive(socket)).data).toEqual(data)
      }).pipe(Effect.provide(layerOver({ onSend: () => void calls++ })))
    })
  }

  describe("messages", () => {
    const internet = ["ipv4", "ipv6"] as const

    message("trafficClass", withTrafficClass(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withTrafficClass(), withDscp(), withEcn())
        const whole = { trafficClass: 0xb9, dscp: 46, ecn: "ect1" }
        const none = { trafficClass: 0, dscp: 0, ecn: "not-ect" }
        expect(yield* seen(spec, family, { trafficClass: 0xb9 })).toEqual(honoured ? whole : none)
        expect(yield* seen(spec, family, { dscp: 46, ecn: "ect1" })).toEqual(honoured ? whole : none)
        const socket = yield* Datagram.bind(spec, at(family))
        for (const [control, one, other] of [
          [{ trafficClass: 1, dscp: 46 }, "dscp", "trafficClass"],
          [{ ecn: "ce", trafficClass: 0 }, "trafficClass", "ecn"],
          [{ dscp: 46, ecn: "ce", trafficClass: 0xbb }, "trafficClass", "dscp"]
        ] as const) {
          const error = yield* Effect.flip(socket.send({ data, to: socket.localAddress, control }))
          expect(error).toMatchObject({
            reason: "InvalidArgument",
            message: `control.${one}: '${one}' and '${other}' are the same bits: give one of them. Nothing was sent.`
          })
        }
      })
    )
    refuses(
      "trafficClass",
      withTrafficClass(),
      "ipv4",
      [-1, 256, 1.5, "1"].map((value) => [
        value,
        `${typeof value === "string" ? `'${value}'` : value} is not a traffic class: an integer from 0 to 255`
      ])
    )

    it.scopedLive("segmentSize: a payload is sent with its segment size, and arrives in datagrams", () => {
      const sent: Array<FaultyDriver.SentDatagram> = []
      return Effect.gen(function* () {
        const { abi } = yield* driver
        const spec = Datagram.ipv4.pipe(withSegmentation())
        const socket = yield* Datagram.bind(spec, at("ipv4"))
        const payload = Uint8Array.from({ length: 250 }, (_, i) => i)
        yield* socket.send({ data: payload, to: socket.localAddress, control: { segmentSize: 100 } })
        // The size has two bytes on Linux, and four on Windows.
        expect(sentAs(abi, sent)).toEqual([abi.platform === "linux" ? [17, 103, 100, 0] : [17, 2, 100, 0, 0, 0]])
        const sizes = honoured ? [100, 100, 50] : [250]
        let from = 0
        for (const size of sizes) {
          expect((yield* receive(socket)).data).toEqual(payload.subarray(from, from + size))
          from += size
        }
      }).pipe(Effect.provide(layerOver({ onSend: (datagram) => void sent.push(datagram) })))
    })
    refuses("segmentSize", withSegmentation(), "ipv4", [
      [0, "0 is not a size of segments: an integer from 1 to 65535"],
      [65_536, "65536 is not a size of segments: an integer from 1 to 65535"]
    ])

    message("coalescedSize", withCoalescedSize(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withCoalescedSize(), withSegmentation())
        // The library does not split it. The payload is the merged one of the kernel, with the size of each datagram.
        const merged = yield* seen(spec, family, { segmentSize: 100 }, new Uint8Array(250))
        expect(merged.coalescedSize).toEqual(Option.some(100))
        expect(yield* seen(spec, family, {})).toEqual({ coalescedSize: Option.none() })
      })
    )

    describe("split", () =>
      message("coalescedSize", withCoalescing(), internet, (family) =>
        Effect.gen(function* () {
          const socket = yield* Datagram.bind(either(family).pipe(withCoalescing()), at(family))
          const whole = Uint8Array.from({ length: 250 }, (_, i) => i)
          yield* socket.send({ data: whole, to: socket.localAddress, segmentSize: 100 })
          yield* socket.send({ data: bytes("alone"), to: socket.localAddress })
          const seen = yield* Effect.replicateEffect(receive(socket), 4)
          expect(seen.map((each) => [...each.data])).toEqual(
            [whole.subarray(0, 100), whole.subarray(100, 200), whole.subarray(200), bytes("alone")].map((each) => [
              ...each
            ])
          )
          for (const { control } of seen) expect(control).toEqual({})
        })
      ))

    message("timestamping", withTimestamping(), internet, (family) =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(either(family).pipe(withTimestamping(), withTimestamp()), at(family))
        const stamped = Effect.gen(function* () {
          yield* socket.send({ data, to: socket.localAddress })
          const { timestamp, timestamping } = (yield* receive(socket)).control
          return { late: Option.getOrThrow(timestamp), exact: Option.getOrUndefined(timestamping) }
        })
        // It is absent in the first milliseconds; the other is present and may be late.
        const first = yield* Effect.repeat(Effect.delay(stamped, 1), {
          until: ({ exact }) => exact !== undefined,
          times: 1000
        })
        expect(first.exact).toEqual({ software: first.late, hardware: undefined })
        const second = yield* stamped
        expect(second.exact?.software).toBeGreaterThan(first.late)
      })
    )

    message("counterTimestamp", withCounterTimestamp(), internet, () => Effect.void)
    message("originalArrivalInterface", withOriginalArrivalInterface(), ["ipv4"], () => Effect.void)

    message("timestamp", withTimestamp(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withTimestamp())
        const [first, second] = [yield* seen(spec, family, {}), yield* seen(spec, family, {})].map(({ timestamp }) =>
          Option.getOrThrow(timestamp)
        )
        expect(first).toBeGreaterThan(1_700_000_000_000_000_000n)
        expect(second).toBeGreaterThan(first ?? 0n)
      })
    )

    message("dropCount", withDropCount(), internet, (family) =>
      Effect.gen(function* () {
        const socket = yield* Datagram.bind(
          either(family).pipe(withDropCount(), withReceiveBufferSize(2304)),
          at(family)
        )
        const send = socket.send({ data: new Uint8Array(500), to: socket.localAddress })
        yield* Effect.repeatN(send, 99)
        let read = 0
        while (Option.isSome(yield* socket.receiveWithin(0))) read++
        yield* send
        expect((yield* receive(socket)).control.dropCount).toEqual(Option.some(100 - read))
      })
    )

    message("originalDestination", withOriginalDestination(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withOriginalDestination())
        const socket = yield* Datagram.bind(spec, at(family))
        yield* socket.send({ data, to: socket.localAddress })
        expect((yield* receive(socket)).control.originalDestination).toEqual(socket.localAddress)
      })
    )

    // If the feature is missing, a test above asserts its refusal.
    const both = facts.families.length === 2 && !("originalDestination" in facts.lacks)
    if (both)
      it.scopedLive("originalDestination of a dual socket has the peer's family, and the port", () =>
        Effect.gen(function* () {
          const spec = Datagram.dual.pipe(withOriginalDestination(), withPktInfo())
          const socket = yield* Datagram.bind(spec, { address: "::", port: 0 })
          for (const family of internet) {
            const to = { address: loopbacks[family], port: socket.localAddress.port }
            yield* socket.send({ data, to })
            const { control } = yield* receive(socket)
            expect([control.originalDestination.family, String(control.originalDestination)]).toEqual([
              family,
              family === "ipv4" ? `127.0.0.1:${to.port}` : `[::1]:${to.port}`
            ])
            expect(control.originalDestination.address).toEqual(control.pktInfo.destination)
          }
        }).pipe(Effect.provide(layer))
      )

    message("fragmentSize", withFragmentSize(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withFragmentSize())
        expect(yield* seen(spec, family, {})).toEqual({ fragmentSize: Option.none() })
        // The MTU of loopback is 65536. The largest datagram of IPv4 fits, and that of IPv6 does not.
        const { fragmentSize } = yield* seen(spec, family, {}, new Uint8Array(facts.largest[family]))
        // Linux keeps 16 bits of a size. The first fragment counts as 0, so the second is the largest.
        expect(fragmentSize).toEqual(family === "ipv4" ? Option.none() : Option.some(95))
      })
    )

    message("checksum", withChecksum(), ["ipv4"], (family) =>
      Effect.gen(function* () {
        // The kernel computes no sum for datagrams that stay in the host.
        expect(yield* seen(Datagram.ipv4.pipe(withChecksum()), family, {})).toEqual({ checksum: Option.none() })
      })
    )

    message("flowLabel", withFlowLabel(), ["ipv6"], (family) =>
      Effect.gen(function* () {
        const spec = Datagram.ipv6.pipe(withFlowLabel(), withTrafficClass()) as unknown as Spec<"ipv4", never>
        const given = { flowLabel: 0xabcde, trafficClass: 0xb9 }
        const expected = { flowLabel: Option.some(0xabcde), trafficClass: 0xb9 }
        expect(yield* seen(spec, family, given)).toEqual(expected)
      })
    )
    refuses(
      "flowLabel",
      withFlowLabel(),
      "ipv6",
      [0, 0x10_0000, -1].map((value) => [
        value,
        `${value} is not a flow label: an integer from 1 to 1048575 (0 is replaced by the kernel's own: leave it out)`
      ])
    )

    message("mark", withMark(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withMark())
        expect(yield* seen(spec, family, {})).toEqual({ mark: Option.some(0) })
        const marked = yield* Effect.either(seen(spec, family, { mark: 0xfedcba98 }))
        // Without the privilege the error names the message and its privilege.
        const refused = failureOf(marked)
        if (refused === undefined) expect(successOf(marked)).toEqual({ mark: Option.some(0xfedcba98) })
        else expect(refused).toMatchObject({ reason: "PermissionDenied", field: Option.some("control.mark") })
      })
    )
    refuses("mark", withMark(), "ipv4", [
      [-1, "-1 is not an integer from 0 to 4294967295"],
      [2 ** 32, "4294967296 is not an integer from 0 to 4294967295"]
    ])

    message("priority", withPriority(), internet, (family) =>
      Effect.gen(function* () {
        const spec = either(family).pipe(withPriority(), withTrafficClass())
        expect(yield* seen(spec, family, {})).toEqual({ priority: Option.some(0), trafficClass: 0 })
        // The traffic class of IPv4 sets the priority, too, and the kernel uses the later of two messages. Ours is
        // later, in any order of the fields.
        const both = { priority: Option.some(2), trafficClass: 0xb8 }
        expect(yield* seen(spec, family, { priority: 2, trafficClass: 0xb8 })).toEqual(both)
        expect(yield* seen(spec, family, { trafficClass: 0xb8, priority: 2 })).toEqual(both)
      })
    )

    it.scopedLive.runIf(facts.families.includes("ipv6"))(
      "unfragmented: is sent as an int, and a datagram that does not fit is not sent",
      () => {
        const sent: Array<FaultyDriver.SentDatagram> = []
        return Effect.gen(function* () {
          const { abi } = yield* driver
          const socket = yield* Datagram.bind(Datagram.ipv6.pipe(withUnfragmented()), at("ipv6"))
          const payload = new Uint8Array(facts.largest.ipv6)
          const send = (unfragmented: boolean) =>
            socket.send({ data: payload, to: socket.localAddress, control: { unfragmented } })
          yield* send(false)
          expect((yield* receive(socket)).data.length).toBe(payload.length)
          const whole = yield* Effect.either(send(true))
          expect(failureOf(whole)?.reason ?? "sent").toBe(honoured ? "MessageTooLarge" : "sent")
          const type = abi.platform === "linux" ? 62 : 14
          expect(sentAs(abi, sent)).toEqual([
            [41, type, 0, 0, 0, 0],
            [41, type, 1, 0, 0, 0]
          ])
        }).pipe(Effect.provide(layerOver({ onSend: (datagram) => void sent.push(datagram) })))
      }
    )
    refuses("unfragmented", withUnfragmented(), "ipv6", [
      [1, "1 is neither true nor false"],
      ["yes", "'yes' is neither true nor false"]
    ])

    message("transmitTime", withTransmitTime(), internet, (family) =>
      Effect.gen(function* () {
        // Loopback has no scheduler that delays, so the datagram arrives at once, for any time.
        expect(yield* seen(either(family).pipe(withTransmitTime()), family, { transmitTime: 2n ** 63n })).toEqual({})
      })
    )
    refuses("transmitTime", withTransmitTime(), "ipv4", [
      [-1n, "-1 is not a bigint from 0 to 18446744073709551615"],
      [1, "1 is not a bigint from 0 to 18446744073709551615"],
      [2n ** 64n, "18446744073709551616 is not a bigint from 0 to 18446744073709551615"]
    ])

    message("ipOptions", withIpOptions(), ["ipv4"], (family) =>
      Effect.gen(function* () {
        const spec = Datagram.ipv4.pipe(withIpOptions())
        expect(yield* seen(spec, family, {})).toEqual({ ipOptions: Option.none() })
        // Record route, with space for one address, which the sender fills.
        const { ipOptions } = yield* seen(spec, family, { ipOptions: Uint8Array.of(7, 7, 4, 0, 0, 0, 0) })
        expect(ipOptions).toEqual(Option.some(Uint8Array.of(7, 7, 8, 127, 0, 0, 1, 0)))
      })
    )
    refuses("ipOptions", withIpOptions(), "ipv4", [
      [new Uint8Array(41), "41 bytes are more than the 40 that were declared"],
      [Uint8Array.of(1, 7), "the option of type 7 at byte 1 has no length"],
      [Uint8Array.of(7, 1), "the option of type 7 at byte 0 has no length"],
      [Uint8Array.of(1, 1, 7, 4, 0), "the option of type 7 at byte 2 goes on behind the last byte"],
      ["0707", "'0707' is not a Uint8Array"]
    ])
  })
}

/** The types of each message by its combinator: the received value, the sendable value, the families, and the requirements. */
import type { Capability, InternetEndpoint, Stamps } from "@ancillary/control"
import type { DarwinSockets, LinuxSockets } from "@ancillary/effect3/node"
import type { WinsockSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  type Spec,
  withChecksum,
  withCoalescedSize,
  withCoalescing,
  withCounterTimestamp,
  withUnfragmented,
  withDscp,
  withFlowLabel,
  withFragmentSize,
  withIpOptions,
  withMark,
  withOptional,
  withOriginalDestination,
  withPriority,
  withSegmentation,
  withTimestamping,
  withTrafficClass,
  withTransmitTime
} from "@ancillary/effect3"
import type { Option } from "effect"
import { describe, expectTypeOf, it } from "vitest"

type Has<L extends { readonly capabilities: ReadonlyArray<string> }> = Capability<L["capabilities"][number]>

describe("both ways", () => {
  it("the traffic class is a number on every platform", () => {
    const spec = Datagram.dual.pipe(withTrafficClass(), withDscp())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{ readonly trafficClass: number; readonly dscp: number }>()
    expectTypeOf<Spec.Sendable<typeof spec>["trafficClass"]>().toEqualTypeOf<number | undefined>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<never>()
  })

  it("marks and priorities may be missing, and are sent as numbers", () => {
    const spec = Datagram.ipv4.pipe(withMark(), withPriority({ only: "send" }))
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{ readonly mark: Option.Option<number> }>()
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly mark?: number | undefined
      readonly priority?: number | undefined
    }>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<Capability<"mark"> | Capability<"priority">>()
  })

  it("a flow label exists on IPv6, and options exist on IPv4", () => {
    const six = Datagram.ipv6.pipe(withFlowLabel())
    expectTypeOf<Spec.Received<typeof six>>().toEqualTypeOf<{ readonly flowLabel: Option.Option<number> }>()
    expectTypeOf<Spec.Sendable<typeof six>>().toEqualTypeOf<{ readonly flowLabel?: number | undefined }>()
    const four = Datagram.ipv4.pipe(withIpOptions())
    expectTypeOf<Spec.Received<typeof four>>().toEqualTypeOf<{ readonly ipOptions: Option.Option<Uint8Array> }>()
    expectTypeOf<Spec.Sendable<typeof four>>().toEqualTypeOf<{ readonly ipOptions?: Uint8Array | undefined }>()
    // @ts-expect-error 'flowLabel' does not exist for ipv4 sockets
    Datagram.ipv4.pipe(withFlowLabel())
    // @ts-expect-error 'ipOptions' does not exist for ipv6 sockets
    Datagram.ipv6.pipe(withIpOptions())
  })
})

describe("only sent", () => {
  it("segment size, transmit time and unfragmented are not received", () => {
    const spec = Datagram.ipv6.pipe(withSegmentation(), withTransmitTime({ clock: "tai" }), withUnfragmented())
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<keyof Spec.Received<typeof spec>>().toEqualTypeOf<never>()
    expectTypeOf<Spec.Sendable<typeof spec>>().toEqualTypeOf<{
      readonly segmentSize?: number | undefined
      readonly transmitTime?: bigint | undefined
      readonly unfragmented?: boolean | undefined
    }>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<Capability<"segmentation"> | Capability<"transmitTime">>()
    // @ts-expect-error 'unfragmented' does not exist for ipv4 sockets
    Datagram.ipv4.pipe(withUnfragmented())
    // @ts-expect-error "boottime" is not a clock
    withTransmitTime({ clock: "boottime" })
  })
})

describe("only read", () => {
  it("timestamps of three kinds", () => {
    const spec = Datagram.ipv4.pipe(withTimestamping({ hardware: true }), withCounterTimestamp())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly timestamping: Option.Option<Stamps>
      readonly counterTimestamp: Option.Option<bigint>
    }>()
    // oxlint-disable-next-line typescript/no-generated-empty-object-type -- nothing is what is meant
    expectTypeOf<keyof Spec.Sendable<typeof spec>>().toEqualTypeOf<never>()
  })

  it("optional sizes, and an optional checksum", () => {
    const spec = Datagram.ipv4.pipe(withCoalescedSize(), withFragmentSize(), withChecksum())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{
      readonly coalescedSize: Option.Option<number>
      readonly fragmentSize: Option.Option<number>
      readonly checksum: Option.Option<number>
    }>()
  })

  it("no message for payloads that were coalesced and split", () => {
    const spec = Datagram.ipv4.pipe(withCoalescing(), withChecksum())
    expectTypeOf<Spec.Received<typeof spec>>().toEqualTypeOf<{ readonly checksum: Option.Option<number> }>()
    expectTypeOf<Spec.Needs<typeof spec>>().toEqualTypeOf<Capability<"coalescing"> | Capability<"checksum">>()
    // @ts-expect-error: both are of the same message, and a payload is either taken apart or not.
    spec.pipe(withCoalescedSize())
  })

  it("the original destination is an endpoint of the family", () => {
    const four = Datagram.ipv4.pipe(withOriginalDestination())
    const both = Datagram.dual.pipe(withOptional(withOriginalDestination()))
    expectTypeOf<Spec.Received<typeof four>>().toEqualTypeOf<{
      readonly originalDestination: InternetEndpoint<"ipv4">
    }>()
    expectTypeOf<Spec.Received<typeof both>["originalDestination"]>().toEqualTypeOf<
      Option.Option<InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6">>
    >()
  })
})

describe("the lists of features", () => {
  const linux = Datagram.ipv4.pipe(
    withMark(),
    withPriority(),
    withOriginalDestination(),
    withFragmentSize(),
    withChecksum(),
    withIpOptions(),
    withTimestamping(),
    withTransmitTime(),
    withSegmentation(),
    withCoalescedSize()
  )
  const windows = Datagram.ipv4.pipe(withCounterTimestamp(), withSegmentation(), withCoalescedSize())

  it("Linux and Windows have their own features, and both segment and coalesce", () => {
    expectTypeOf<Spec.Needs<typeof linux>>().toExtend<Has<typeof LinuxSockets>>()
    expectTypeOf<Spec.Needs<typeof windows>>().toExtend<Has<typeof WinsockSockets>>()
    expectTypeOf<Spec.Needs<typeof windows>>().not.toExtend<Has<typeof LinuxSockets>>()
    expectTypeOf<Spec.Needs<typeof linux>>().not.toExtend<Has<typeof WinsockSockets>>()
  })

  it("macOS has none of them", () => {
    expectTypeOf<Extract<Spec.Needs<typeof linux | typeof windows>, Has<typeof DarwinSockets>>>().toEqualTypeOf<never>()
  })
})

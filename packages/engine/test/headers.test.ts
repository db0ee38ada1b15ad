/** The plan of a declared extension header: its options, and its room in the receive buffer and in the send buffer. */
import { Abi, abis, ControlBuffer, ExtensionHeader } from "@ancillary/control"
import {
  Datagram,
  Plan,
  withDestinationOptions,
  withHopByHopOptions,
  withNextHop,
  withRoutingHeader,
  withStickyDestinationOptions,
  withStickyHopByHopOptions,
  withStickyRouteOptions,
  withStickyRoutingHeader
} from "@ancillary/effect3"
import { describe, expect, it } from "vitest"

const linux = Abi.linuxGlibc64
const { ipv6 } = Datagram

describe("the room for received headers", () => {
  it.each(abis)("$name: headers up to the declared size fit, however they are split", (abi) => {
    for (const maximumBytes of [8, 64, 256, 2048, 6144]) {
      const { receive } = Plan.compile(ipv6.pipe(withRoutingHeader({ maximumBytes })), abi)
      for (const size of [8, 16, 40, 256, 2048].filter((size) => size <= maximumBytes)) {
        const whole = Math.floor(maximumBytes / size)
        const rest = maximumBytes - whole * size
        const taken = whole * ControlBuffer.space(abi, size) + (rest >= 8 ? ControlBuffer.space(abi, rest) : 0)
        expect(taken, `${whole} of ${size} in ${maximumBytes}`).toBeLessThanOrEqual(receive.bytes)
      }
    }
  })

  it.each([7, 0, -8, 1.5, Number.NaN, 65_536])("is not %s", (maximumBytes) => {
    for (const spec of [
      ipv6.pipe(withRoutingHeader({ maximumBytes })),
      ipv6.pipe(withHopByHopOptions({ maximumBytes })),
      ipv6.pipe(withDestinationOptions({ only: "receive", maximumBytes }))
    ])
      expect(Plan.compile(spec, linux).invalid).toMatchObject([
        { why: `maximumBytes of ${maximumBytes} is not an integer from 8 to 65535` }
      ])
  })

  it("is only for receiving: a sent header can have the largest size", () => {
    const { receive, send } = Plan.compile(ipv6.pipe(withHopByHopOptions({ maximumBytes: 8 })), linux)
    expect(receive.bytes).toBe(ControlBuffer.space(linux, 8))
    expect(send.bytes).toBe(ControlBuffer.space(linux, 2048))
  })
})

describe("a direction", () => {
  const calls = (spec: typeof ipv6, abi: Abi) =>
    Plan.compile(spec, abi).options.flatMap((each) => ("option" in each ? [`${each.level}/${each.option}`] : []))
  const sent = (spec: typeof ipv6, abi: Abi) => Plan.compile(spec, abi).sendEntries.map(({ format }) => format.type)
  // The types of declared messages do not matter here.
  const erased = (spec: unknown) => spec as typeof ipv6

  it("that is not declared sets no option, or sends nothing", () => {
    const receives = erased(
      ipv6.pipe(withHopByHopOptions({ only: "receive" }), withDestinationOptions({ only: "receive" }))
    )
    const sends = erased(ipv6.pipe(withHopByHopOptions({ only: "send" }), withDestinationOptions({ only: "send" })))
    expect([calls(receives, linux), sent(receives, linux)]).toEqual([["41/26", "41/53", "41/58"], []])
    expect([calls(sends, linux), sent(sends, linux)]).toEqual([["41/26"], [54, 59]])
  })

  it("of routing headers: received, both with `also`, or only sent", () => {
    const winsock = Abi.winsockX64
    const [received, both, only] = [
      ipv6.pipe(withRoutingHeader()),
      ipv6.pipe(withRoutingHeader({ also: "send" })),
      ipv6.pipe(withRoutingHeader({ only: "send" }))
    ].map(erased)
    expect([received, both, only].map((spec) => spec && [calls(spec, winsock), sent(spec, winsock)])).toEqual([
      [["41/27", "41/38"], []],
      [["41/27", "41/38"], [32]],
      [["41/27"], [32]]
    ])
    expect(only && Plan.compile(only, linux).refused).toMatchObject([
      { feature: `withRoutingHeader({ only: "send" })` }
    ])
  })

  it("with a number that the program gives", () => {
    const spec = erased(ipv6.pipe(withNextHop({ type: 77 }), withDestinationOptions({ type: 78 })))
    expect([calls(spec, Abi.winsockX64), sent(spec, Abi.winsockX64)]).toEqual([
      ["41/27", "41/78"],
      [77, 78]
    ])
    expect([calls(spec, linux), sent(spec, linux)]).toEqual([
      ["41/26", "41/58"],
      [77, 59]
    ])
    expect(Plan.compile(ipv6.pipe(withDestinationOptions()), Abi.winsockX64).refused).toMatchObject([
      { why: "the documentation of WSAMSG names IPV6_DSTOPTS, and the headers of Windows give it no number" }
    ])
  })
})

describe("sticky headers", () => {
  const alert = { options: [ExtensionHeader.routerAlert(0)] }
  const route = { kind: "segments", addresses: ["::", "2001:db8::1"] } as const
  const all = [
    withStickyHopByHopOptions(alert),
    withStickyRouteOptions(alert),
    withStickyRoutingHeader(route),
    withStickyDestinationOptions(alert)
  ]
  const planned = (abi: Abi, family: "ipv6" | "dual") => {
    const spec = (family === "ipv6" ? ipv6 : Datagram.dual) as typeof ipv6
    return all.map((each) => Plan.compile(spec.pipe(each), abi))
  }
  const callsOf = (plans: ReadonlyArray<Plan.Plan>) =>
    plans.map(({ options }) => {
      const last = options.at(-1)
      return last !== undefined && "option" in last
        ? `${last.level}/${last.option} ${Buffer.from(last.value).toString("hex")}`
        : ""
    })

  it.each(["ipv6", "dual"] as const)("%s: are options whose value is the header", (family) => {
    const bytes = "0000050200000100"
    const segments = `0004040101000000${"0".repeat(32)}20010db8000000000000000000000001`
    expect(callsOf(planned(linux, family))).toEqual([
      `41/54 ${bytes}`,
      `41/55 ${bytes}`,
      `41/57 ${segments}`,
      `41/59 ${bytes}`
    ])
    expect(callsOf(planned(Abi.darwin64, family))).toEqual([
      `41/49 ${bytes}`,
      `41/57 ${bytes}`,
      `41/51 ${segments}`,
      `41/50 ${bytes}`
    ])
    for (const { refused } of planned(Abi.winsockX64, family))
      expect(refused).toMatchObject([
        { why: "Windows documents no option whose header goes with every datagram of a socket" }
      ])
  })

  it("are given as values or bytes, removed by empty bytes, and otherwise rejected", () => {
    const bytes = ExtensionHeader.buildOptions(alert) as Uint8Array
    const invalid = (combinator: (typeof all)[number]) => Plan.compile(ipv6.pipe(combinator), linux).invalid
    expect(callsOf([Plan.compile(ipv6.pipe(withStickyHopByHopOptions(bytes)), linux)])).toEqual([
      "41/54 0000050200000100"
    ])
    expect(callsOf([Plan.compile(ipv6.pipe(withStickyHopByHopOptions(new Uint8Array(0))), linux)])).toEqual(["41/54 "])
    expect(invalid(withStickyHopByHopOptions({ options: [{ type: 1, data: bytes }] }))).toEqual([
      { option: "IPV6_HOPOPTS", why: "option 0: type 1 is padding, which is inserted if alignment requires it" }
    ])
    expect(invalid(withStickyDestinationOptions(bytes.subarray(0, 7)))).toEqual([
      { option: "IPV6_DSTOPTS", why: "an extension header of 7 bytes is not a multiple of 8 from 8 to 2048" }
    ])
    expect(invalid(withStickyRouteOptions(new Uint8Array(2048)))).toEqual([
      { option: "IPV6_RTHDRDSTOPTS", why: "2048 bytes are more than the 2040 of a sticky header" }
    ])
    expect(invalid(withStickyRoutingHeader(new Uint8Array(8)))).toEqual([
      { option: "IPV6_RTHDR", why: "a routing header of type 0 must not be sent (RFC 5095)" }
    ])
    expect(invalid(withStickyRoutingHeader("2001:db8::1" as never))).toEqual([
      { option: "IPV6_RTHDR", why: `'2001:db8::1' is not a routing header of kind "homeAddress" or "segments"` }
    ])
  })
})

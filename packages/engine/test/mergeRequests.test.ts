/**
 * The options that messages request of a socket. Each call is made once, and switches of one option are set together. No message undoes the
 * option of another.
 */
import {
  Abi,
  Codec,
  type ControlMessage,
  define,
  type Message,
  type Request,
  Segmentation,
  TransmitTime
} from "@ancillary/control"
import {
  Datagram,
  Plan,
  withCoalescedSize,
  withControlMessage,
  withCounterTimestamp,
  withDscp,
  withEcn,
  withOptional,
  withSegmentation,
  withTimestamping,
  withTrafficClass,
  withTransmitTime
} from "@ancillary/effect3"
import { declare } from "@ancillary/engine/spec/Spec"
import { describe, expect, it } from "vitest"

const calls = ({ options }: Plan.Plan) =>
  options.map((planned) => {
    const [call, bytes] =
      "option" in planned
        ? [`${planned.level},${planned.option}`, planned.value]
        : [planned.ioctl.toString(16), planned.input]
    return `${call} = ${[...bytes].join(" ")}`
  })
const askers = ({ options }: Plan.Plan) => options.map((planned) => planned.requestedBy.map(({ feature }) => feature))
const linux = Abi.linuxGlibc64

interface Own extends ControlMessage<string, "ipv4", "optional"> {
  readonly received: { readonly [key in string]: number }
}

/** A message that arrives once this option is set. */
const asking = <Key extends string>(key: Key, request: Request) => {
  const linux = { request: [request], receive: [{ level: 1, type: key.length, payload: Codec.uint32 }] }
  const none = { ipv4: { unsupported: "it is Linux's alone" } }
  const message = define<Own>({
    key,
    presence: "optional",
    table: { linux: { ipv4: linux }, winsock: none, darwin: none }
  })
  return message as unknown as Message<ControlMessage<Key, "ipv4", "optional">>
}

describe("switches of one option", () => {
  const byFlags = <Key extends string>(key: Key, value: number) =>
    asking(key, { level: 1, option: 65, value, flags: true })

  it("are set together for all messages that request them", () => {
    const plan = Plan.compile(
      Datagram.ipv4.pipe(
        withTimestamping({ hardware: true }),
        withControlMessage(byFlags("one", 2)),
        withControlMessage(byFlags("second", 0x180))
      ),
      linux
    )
    expect(calls(plan)).toEqual(["1,65 = 222 1 0 0"])
    expect(askers(plan)).toEqual([
      ["withTimestamping({ hardware: true })", "withControlMessage(one)", "withControlMessage(second)"]
    ])
    expect(String(Datagram.explain(Datagram.ipv4.pipe(withTimestamping()), linux))).toContain(
      "withTimestamping()  setsockopt(1, 65), or (1, 37) if the system lacks it  18 00 00 00"
    )
  })

  it("keep the older number of their option, whichever message names it", () => {
    const one = withControlMessage(byFlags("one", 2))
    for (const spec of [Datagram.ipv4.pipe(one, withTimestamping()), Datagram.ipv4.pipe(withTimestamping(), one)])
      expect(Plan.compile(spec, linux).options).toMatchObject([{ option: 65, instead: 37 }])
  })

  it("only the declared timestamps are enabled", () => {
    const flags = (...stampers: Parameters<typeof withTimestamping>) =>
      calls(Plan.compile(Datagram.ipv4.pipe(withTimestamping(...stampers)), linux))
    expect(flags()).toEqual(["1,65 = 24 0 0 0"])
    expect(flags({ hardware: true })).toEqual(["1,65 = 92 0 0 0"])
    expect(flags({ hardware: true, software: false })).toEqual(["1,65 = 68 0 0 0"])
  })
})

describe("one call", () => {
  it("is made once for equal requests: views of a byte, both families of a socket", () => {
    const views = Plan.compile(Datagram.ipv4.pipe(withEcn(), withDscp(), withTrafficClass()), linux)
    expect(calls(views)).toEqual(["0,13 = 1 0 0 0"])
    expect(askers(views)).toEqual([["withEcn()", "withDscp()", "withTrafficClass()"]])
    const dual = Plan.compile(Datagram.dual.pipe(withCoalescedSize()), linux)
    expect(calls(dual)).toEqual(["41,26 = 0 0 0 0", "17,104 = 1 0 0 0"])
    expect(askers(dual)[1]).toEqual(["withCoalescedSize()"])
  })

  it("is not made with two values: the second declaration is an invalid argument", () => {
    const value = <Key extends string>(key: Key, value: number) => asking(key, { level: 1, option: 61, value })
    const plan = Plan.compile(
      Datagram.ipv4.pipe(withControlMessage(value("one", 1)), withControlMessage(value("second", 2))),
      linux
    )
    expect(plan.invalid).toEqual([
      {
        option: "withControlMessage(second)",
        why: "it wants of the socket what withControlMessage(one) sets to another value"
      }
    ])
    expect(
      Plan.compile(
        Datagram.ipv4.pipe(withControlMessage(value("one", 1)), withControlMessage(value("second", 1))),
        linux
      ).invalid
    ).toEqual([])
  })

  it("is required if one of the messages that request it is required", () => {
    const { options } = Plan.compile(Datagram.ipv4.pipe(withOptional(withEcn()), withDscp()), linux)
    expect(options.flatMap((planned) => planned.requestedBy.map(({ optional }) => optional))).toEqual([true, false])
  })

  it("may be an ioctl", () => {
    const spec = Datagram.ipv6.pipe(withCounterTimestamp())
    expect(calls(Plan.compile(spec, Abi.winsockX64))[1]).toBe("980000eb = 1 0 0 0 0 0 0 0")
    expect(String(Datagram.explain(spec, Abi.winsockX64))).toContain(
      "withCounterTimestamp()  ioctl(0x980000eb)   01 00 00 00 00 00 00 00"
    )
  })

  it("contains the combinator's argument: the maximum on Winsock, the clock on Linux", () => {
    const uro = Datagram.ipv4.pipe(withCoalescedSize({ maximumBytes: 1500 }))
    expect(calls(Plan.compile(uro, Abi.winsockX64))).toEqual(["17,3 = 220 5 0 0"])
    expect(calls(Plan.compile(uro, linux))).toEqual(["17,104 = 1 0 0 0"])
    const clock = (clock: "monotonic" | "tai" | "realtime") =>
      calls(Plan.compile(Datagram.ipv4.pipe(withTransmitTime({ clock })), linux))
    expect([clock("monotonic"), clock("tai"), clock("realtime")]).toEqual(
      [1, 11, 0].map((id) => [`1,61 = ${id} 0 0 0 0 0 0 0`])
    )
  })
})

describe("a message that is only sent", () => {
  it("sets its options, is never received, and takes no room in the receive buffer", () => {
    const spec = Datagram.ipv4.pipe(withControlMessage(TransmitTime), withControlMessage(Segmentation))
    const { options, receive, received, send } = Plan.compile(spec, linux)
    expect(options).toHaveLength(1)
    expect([received, receive.bytes, send.bytes]).toEqual([[], 0, 48])
  })

  it("sets no option of sending on a socket that only receives", () => {
    interface Both extends ControlMessage<"both", "ipv4"> {
      readonly received: { readonly both: number }
      readonly sendable: { readonly both?: number | undefined }
    }
    const both = define<Both>({
      key: "both",
      presence: "required",
      table: {
        linux: {
          ipv4: {
            request: [{ level: 1, option: 75, value: 1 }],
            receive: [{ level: 1, type: 36, payload: Codec.uint32 }],
            send: { level: 1, type: 36, payload: Codec.uint32, request: [{ level: 1, option: 61, value: 3 }] }
          }
        },
        winsock: { ipv4: { unsupported: "it is Linux's alone" } },
        darwin: { ipv4: { unsupported: "it is Linux's alone" } }
      }
    })
    const options = (direction: "both" | "receive" | "send") =>
      calls(Plan.compile(Datagram.ipv4.pipe(declare(both, "own", { direction })), linux))
    expect(options("both")).toEqual(["1,75 = 1 0 0 0", "1,61 = 3 0 0 0"])
    expect(options("receive")).toEqual(["1,75 = 1 0 0 0"])
    expect(options("send")).toEqual(["1,61 = 3 0 0 0"])
  })
})

it("an invalid argument is reported with its combinator as it was written", () => {
  const invalid = (spec: Parameters<typeof Plan.compile>[0]) =>
    Plan.compile(spec, linux).invalid.map(({ option, why }) => `${option}: ${why}`)
  expect(invalid(Datagram.ipv4.pipe(withTimestamping({ software: false })))).toEqual([
    "withTimestamping({ software: false }): no kind of timestamp is requested: declare software, hardware or both"
  ])
  for (const maximumBytes of [0, -1, 65_528, 1.5, Number.NaN]) {
    expect(invalid(Datagram.ipv4.pipe(withCoalescedSize({ maximumBytes })))).toEqual([
      `withCoalescedSize({ maximumBytes: ${maximumBytes} }): ${maximumBytes} is not a size in bytes: an integer from 1 to 65527`
    ])
  }
  expect(invalid(Datagram.ipv4.pipe(withTransmitTime({ clock: "boottime" as "tai" })))).toEqual([
    `withTransmitTime({ clock: "boottime" }): 'boottime' is not a clock: "monotonic", "tai" or "realtime"`
  ])
  expect(invalid(Datagram.ipv4.pipe(withCoalescedSize({ maximumBytes: 1 }), withSegmentation()))).toEqual([])
})

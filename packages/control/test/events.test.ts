/** Messages that are events: bytes beyond the golden vectors, and values that can be requested. */
import { ErrorReports, Ipv4Address, Ipv6Address, PathMtuReports, TransmitTimestamp } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { arrivals, builtIns, departure, read, refusal, written } from "./messages.ts"
import { hex, viewOf } from "./vectors.ts"

/** `sock_extended_err` and an IPv6 offender. */
const entry = (origin: number, fields: { readonly info?: number; readonly offender?: Ipv6Address } = {}) => {
  const bytes = new Uint8Array(44)
  const view = viewOf(bytes)
  view.setUint32(0, 111, true)
  bytes.set([origin, 1, 4], 4)
  view.setUint32(8, fields.info ?? 0, true)
  view.setUint32(12, 0xfffffffe, true)
  if (fields.offender !== undefined) {
    view.setUint16(16, 10, true)
    const { a, b, c, d } = fields.offender
    for (const [i, word] of [a, b, c, d].entries()) view.setUint32(24 + 4 * i, word)
  }
  return bytes
}
const errors = arrivals(ErrorReports, "linux", "ipv6")[0]
const [stamps, oldStamps, numbers] = arrivals(TransmitTimestamp, "linux", "ipv6")

it("only these are delivered as events", () => {
  expect(builtIns.filter(({ deliveredAs }) => deliveredAs === "asEvent").map(({ key }) => key)).toEqual([
    "errorReports",
    "pathMtuReports",
    "transmitTimestamp"
  ])
})

describe("an entry of the error queue", () => {
  it("is an error by origin local or ICMP, and a number if it belongs to a timestamp", () => {
    const isError = [0, 1, 2, 3, 4, 5, 6, 7, 255].map((origin) => read(errors, entry(origin)) !== undefined)
    expect(isError).toEqual([false, true, true, true, false, false, false, false, false])
    const isNumber = [0, 1, 2, 3, 4, 5, 6, 7, 255].map((origin) => read(numbers, entry(origin)) !== undefined)
    expect(isNumber).toEqual([false, false, false, false, true, false, false, false, false])
  })

  it("has the offender: none, an IPv6 host, or an IPv4 host on a dual socket", () => {
    const mapped = Ipv6Address.fromIpv4(Ipv4Address.of(192, 0, 2, 9))
    const address = Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 9])
    const offenders = [entry(2), entry(3, { offender: address }), entry(2, { offender: mapped })].map(
      (bytes) => (read(errors, bytes) as ErrorReports["event"])?.offender
    )
    expect(offenders).toEqual([undefined, address, Ipv4Address.of(192, 0, 2, 9)])
  })

  it("has the stage of a timestamp, or unknown for other numbers", () => {
    const stages = [0, 1, 2, 3, 4].map((info) => read(numbers, entry(4, { info })))
    expect(stages).toEqual(
      ["sent", "scheduled", "acknowledged", "completed", "unknown"].map((stage) => ({ number: 0xfffffffe, stage }))
    )
  })

  it("of a timestamp without a time is ignored", () => {
    expect(read(stamps, new Uint8Array(48))).toBeUndefined()
    for (const bytes of [24, 48]) expect(read(oldStamps, new Uint8Array(bytes))).toBeUndefined()
  })
})

describe("a requested transmit timestamp", () => {
  const sends = departure(TransmitTimestamp, "linux", "ipv4")

  it("sets flags of its send: one for sent, and one for scheduled on request", () => {
    if (sends === undefined) throw new Error("it is sent")
    for (const value of [0, 0xffffffff, { id: 3 }, { id: 3, scheduled: false }])
      expect(hex(written(sends, value))).toBe("02000000")
    expect(hex(written(sends, { id: 3, scheduled: true }))).toBe("02010000")
  })

  it.each([
    [-1, "-1 is not an id: an integer from 0 to 4294967295"],
    [2 ** 32, "4294967296 is not an id: an integer from 0 to 4294967295"],
    [1.5, "1.5 is not an id: an integer from 0 to 4294967295"],
    ["7", "'7' is not an id: an integer from 0 to 4294967295"],
    [null, "null is not an id: an integer from 0 to 4294967295"],
    [{}, "undefined is not an id: an integer from 0 to 4294967295"],
    [{ id: 1, scheduled: 1 }, "1 is neither true nor false"],
    [{ id: 1, sent: true }, "a stamp is asked for with 'id' and 'scheduled', not 'sent'"]
  ])("%o cannot be requested", (value, why) => {
    expect(refusal(sends, value)).toBe(why)
  })
})

it("IPv4 has no path MTU message, and the reason names the error that has it", () => {
  for (const platform of ["linux", "darwin"] as const)
    expect(PathMtuReports.cell(platform, "ipv4")).toEqual({
      unsupported:
        "for IPv4 the path MTU comes with the error of a datagram that was too large: declare withErrorReports()"
    })
})

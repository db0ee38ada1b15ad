import { Dscp, Ecn, type EcnCodepoint } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { arrivals, departure, departures, platforms, read, refusal, written } from "./messages.ts"
import { fromHex, hex, viewOf } from "./vectors.ts"

const codepoints: ReadonlyArray<EcnCodepoint> = ["not-ect", "ect1", "ect0", "ce"]
const cells = platforms.flatMap((platform) => (["ipv4", "ipv6"] as const).map((family) => [platform, family] as const))
const number = (bytes: Uint8Array) => viewOf(bytes).getInt32(0, true)

describe("the traffic class byte", () => {
  it.each(cells)("%s, %s: each of 256 values is a DSCP and an ECN under every receive type", (platform, family) => {
    for (let byte = 0; byte < 256; byte++)
      for (const [message, expected] of [
        [Dscp, byte >> 2],
        [Ecn, codepoints[byte & 3]]
      ] as const)
        for (const arrival of arrivals(message, platform, family))
          expect(read(arrival, Uint8Array.of(byte, 0, 0, 0), Number(arrival.payload.size))).toBe(expected)
  })

  it("0xb9 is DSCP 46 (expedited forwarding) with ECT(1)", () => {
    for (const [platform, family] of cells) {
      const bytes = Uint8Array.of(0xb9, 0, 0, 0)
      expect(read(arrivals(Dscp, platform, family)[0], bytes)).toBe(46)
      expect(read(arrivals(Ecn, platform, family)[0], bytes)).toBe("ect1")
    }
  })

  it.each(["linux", "darwin"] as const)(
    "%s, IPv4: one byte arrives, and the stale padding after it is not read",
    (platform) => {
      for (const message of [Dscp, Ecn])
        for (const arrival of arrivals(message, platform, "ipv4")) {
          expect(arrival.payload.size).toBe(1)
          expect(read(arrival, fromHex("b9ffffffffffffff"), 1)).toEqual(read(arrival, fromHex("b900000000000000"), 1))
        }
      expect(read(arrivals(Dscp, platform, "ipv4")[0], fromHex("b9ffffff"), 1)).toBe(46)
    }
  )

  it("a received int that does not fit in a byte is malformed", () => {
    for (const [platform, family] of [
      ["linux", "ipv6"],
      ["winsock", "ipv4"],
      ["winsock", "ipv6"],
      ["darwin", "ipv6"]
    ] as const)
      for (const message of [Dscp, Ecn])
        for (const arrival of arrivals(message, platform, family)) {
          expect(read(arrival, fromHex("00010000"))).toEqual({ malformed: "a traffic class of 256", offset: 4 })
          expect(read(arrival, fromHex("ffffffff"))).toEqual({ malformed: "a traffic class of -1", offset: 4 })
        }
  })
})

describe("views of it, sent", () => {
  it.each(cells)("%s, %s: sent DSCP and ECN share no bit, and both are read back", (platform, family) => {
    const dscp = departure(Dscp, platform, family)
    const ecn = departure(Ecn, platform, family)
    if (dscp === undefined || ecn === undefined) throw new Error("both can be sent")
    expect(dscp.shared?.mask).toBe(0xfc)
    // Winsock has a message for ECN that does not change the rest of the byte. Elsewhere ECN is a view of the byte.
    expect(ecn.shared?.mask).toBe(platform === "winsock" ? undefined : 0x03)
    for (let codepoint = 0; codepoint < 64; codepoint++)
      for (const [index, name] of codepoints.entries()) {
        const upper = number(written(dscp, codepoint))
        const lower = number(written(ecn, name))
        if ((upper & ~0xfc) !== 0 || (lower & ~0x03) !== 0) expect.fail(`${codepoint}, ${name}: ${upper}, ${lower}`)
        expect([upper, lower]).toEqual([codepoint << 2, index])
        const byte = Uint8Array.of(upper | lower, 0, 0, 0)
        expect(read(arrivals(Dscp, platform, family)[0], byte)).toBe(codepoint)
        expect(read(arrivals(Ecn, platform, family)[0], byte)).toBe(name)
      }
  })

  it.each(cells)("%s, %s: the rest of the byte comes from the option of the same number", (platform, family) => {
    for (const message of [Dscp, Ecn]) {
      const sends = departure(message, platform, family)
      if (sends?.shared === undefined) continue
      expect([sends.shared.level, sends.shared.option]).toEqual([sends.level, sends.type])
      expect(sends.payload.size).toBe(4)
    }
  })

  it("Winsock: ECN is sent under its own type, as the number of its codepoint", () => {
    for (const family of ["ipv4", "ipv6"] as const) {
      const sends = departure(Ecn, "winsock", family)
      if (sends === undefined) throw new Error("it can be sent")
      expect(sends.type).toBe(50)
      expect(codepoints.map((name) => hex(written(sends, name)))).toEqual([
        "00000000",
        "01000000",
        "02000000",
        "03000000"
      ])
    }
  })

  it("reject a value that is not a codepoint with a sentence", () => {
    for (const { sends } of departures(Dscp)) {
      for (const value of [0, 46, 63]) expect(refusal(sends, value)).toBeUndefined()
      for (const [value, shown] of [
        [64, "64"],
        [-1, "-1"],
        [256, "256"],
        [1.5, "1.5"],
        [NaN, "NaN"],
        ["46", "'46'"],
        [null, "null"]
      ])
        expect(refusal(sends, value)).toBe(`${shown} is not a DSCP: an integer from 0 to 63`)
    }
    for (const { sends } of departures(Ecn)) {
      for (const value of codepoints) expect(refusal(sends, value)).toBeUndefined()
      for (const [value, shown] of [
        ["x", "'x'"],
        ["CE", "'CE'"],
        ["", "''"],
        [3, "3"],
        [null, "null"],
        [["ce"], "ce"]
      ])
        expect(refusal(sends, value)).toBe(
          `${String(shown)} is not an ECN codepoint: "not-ect", "ect0", "ect1" or "ce"`
        )
    }
  })
})

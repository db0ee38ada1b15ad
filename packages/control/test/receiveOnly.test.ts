/** The values of messages that are only received. */
import { DropCount, OriginalArrivalInterface, Timestamp } from "@ancillary/control"
import { expect, it } from "vitest"
import { arrivals, builtIns, departures, families, read } from "./messages.ts"
import { fromHex, viewOf } from "./vectors.ts"

it("none of them can be sent", () => {
  for (const message of [DropCount, OriginalArrivalInterface, Timestamp]) {
    expect(builtIns).toContain(message)
    expect(departures(message)).toEqual([])
  }
})

it("a timestamp is nanoseconds since 1970 (Darwin: 32 bits of microseconds)", () => {
  for (const seconds of [0n, 1n, -1n, 1_700_000_000n, 2n ** 31n, 2n ** 33n, -(2n ** 33n)])
    for (const nanos of [0, 1, 999, 1000, 123_456_789, 999_999_999]) {
      const linux = new Uint8Array(16)
      viewOf(linux).setBigInt64(0, seconds, true)
      viewOf(linux).setBigInt64(8, BigInt(nanos), true)
      // Darwin: what follows the 32 bits is padding.
      const darwin = new Uint8Array(16).fill(0xff)
      viewOf(darwin).setBigInt64(0, seconds, true)
      viewOf(darwin).setInt32(8, Math.floor(nanos / 1000), true)
      const start = seconds * 1_000_000_000n
      for (const family of families) {
        expect(read(arrivals(Timestamp, "linux", family)[0], linux)).toBe(start + BigInt(nanos))
        expect(read(arrivals(Timestamp, "darwin", family)[0], darwin)).toBe(start + BigInt(nanos - (nanos % 1000)))
      }
    }
})

it("a drop count and an interface index are unsigned", () => {
  for (const family of ["ipv4", "ipv6"] as const)
    expect(read(arrivals(DropCount, "linux", family)[0], fromHex("ffffffff"))).toBe(0xffffffff)
  expect(read(arrivals(OriginalArrivalInterface, "winsock", "ipv4")[0], fromHex("00000080"))).toBe(0x80000000)
})

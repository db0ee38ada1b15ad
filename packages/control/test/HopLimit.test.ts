import { HopLimit } from "@ancillary/control"
import { expect, it } from "vitest"
import { arrivals, departure, departures, read, refusal, written } from "./messages.ts"
import { fromHex, hex } from "./vectors.ts"

const sendable = departures(HopLimit).map(({ family, platform, sends }) => [platform, family, sends] as const)

it("a hop limit can be sent everywhere except with IPv4 on macOS", () => {
  expect(sendable.map(([platform, family]) => `${platform} ${family}`)).toEqual([
    "linux ipv4",
    "linux ipv6",
    "winsock ipv4",
    "winsock ipv6",
    "darwin ipv6"
  ])
})

it.each(sendable)(
  "%s, %s: 1 to 255 are sent as a C int and read back under every receive type",
  (platform, family, sends) => {
    for (let hops = 1; hops <= 255; hops++) {
      expect(refusal(sends, hops)).toBeUndefined()
      const bytes = written(sends, hops)
      expect(hex(bytes)).toBe(`${hops.toString(16).padStart(2, "0")}000000`)
      for (const arrival of arrivals(HopLimit, platform, family)) expect(read(arrival, bytes)).toBe(hops)
    }
  }
)

it.each(sendable)("%s, %s: rejects other values, which the kernel would cut to 16 bits", (_, _family, sends) => {
  for (const [value, shown] of [
    [0, "0"],
    [-1, "-1"],
    [256, "256"],
    [65541, "65541"],
    [1048576, "1048576"],
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    ["64", "'64'"],
    [null, "null"],
    [64n, "64"],
    [[64], "64"]
  ])
    expect(refusal(sends, value)).toBe(`${shown} is not a hop limit: an integer from 1 to 255`)
})

it("0 to 255 are read; other values of the int are malformed", () => {
  const [arrival] = arrivals(HopLimit, "linux", "ipv6")
  expect(read(arrival, fromHex("00000000"))).toBe(0)
  expect(read(arrival, fromHex("ff000000"))).toBe(255)
  expect(read(arrival, fromHex("00010000"))).toEqual({ malformed: "a hop limit of 256", offset: 4 })
  expect(read(arrival, fromHex("ffffffff"))).toEqual({ malformed: "a hop limit of -1", offset: 4 })
})

it("Darwin: an IPv4 TTL is one byte, and 255 is not negative", () => {
  const [arrival] = arrivals(HopLimit, "darwin", "ipv4")
  expect(arrival?.payload.size).toBe(1)
  expect(read(arrival, fromHex("ffeeeeee"), 1)).toBe(255)
  expect(departure(HopLimit, "darwin", "ipv4")).toBeUndefined()
})

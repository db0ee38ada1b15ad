/** Messages without a number in some headers: unsupported with the reason, or supported with a number that the program gives. */
import {
  DestinationOptions,
  InternetEndpoint,
  Ipv6Address,
  isUnsupported,
  NextHop,
  destinationOptions,
  nextHop
} from "@ancillary/control"
import { expect, it } from "vitest"
import { arrivals, departure, platforms, refusal, written } from "./messages.ts"
import { hex } from "./vectors.ts"

const neighbour = Ipv6Address.of([0xfe80, 0, 0, 0, 0, 0, 0, 1], 2)
const sends = departure(NextHop, "darwin", "ipv6")

it("a next hop is written as the socket address of each platform, without a port", () => {
  const bytesOn = (platform: (typeof platforms)[number]) => {
    const numbered = departure(nextHop({ type: 9 }), platform, "ipv6")
    return numbered === undefined ? "" : hex(written(numbered, neighbour))
  }
  const behind = "000000000000fe80000000000000000000000000000102000000"
  expect(bytesOn("linux")).toBe("0a00" + behind)
  expect(bytesOn("winsock")).toBe("1700" + behind)
  // Darwin: its own length, 28, then the family in one byte.
  expect(bytesOn("darwin")).toBe("1c1e" + behind)
  if (sends === undefined) throw new Error("macOS takes one")
  expect(hex(written(sends, "fe80::1%2"))).toBe(bytesOn("darwin"))
})

it.each<readonly [unknown, string]>([
  [undefined, "undefined is not an IPv6 address"],
  [7, "7 is not an IPv6 address"],
  [new InternetEndpoint("ipv6", neighbour, 9), "[fe80::1%2]:9 is not an IPv6 address"],
  ["fe80::1%eth0", "the zone 'eth0' is not an interface index"],
  ["fe80::1", "fe80::1 is link-local and names no interface: write fe80::1%2 for the one with index 2"],
  ["::", ":: is no address of an IPv6 neighbour"],
  ["ff02::1%2", "ff02::1%2 is no address of an IPv6 neighbour"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1 is no address of an IPv6 neighbour"]
])("a next hop of %s is rejected", (given, why) => expect(refusal(sends, given)).toBe(why))

it("a next hop is unsupported without a number or an implementation, with the reason", () => {
  const why = (platform: (typeof platforms)[number]) => {
    const cell = NextHop.cell(platform, "ipv6")
    return isUnsupported(cell) ? cell.unsupported : undefined
  }
  expect(platforms.map(why)).toEqual([
    "Linux has a number for IPV6_NEXTHOP and does not implement it",
    "the documentation of WSAMSG names IPV6_NEXTHOP, and the headers of Windows give it no number",
    undefined
  ])
  for (const platform of platforms)
    expect(departure(nextHop({ type: 77 }), platform, "ipv6")).toMatchObject({ level: 41, type: 77 })
  expect(() => nextHop({ type: 2 ** 31 })).toThrow("level and type are signed 32-bit integers")
})

it("destination options have no number on Windows; a given number counts only there", () => {
  expect(DestinationOptions.cell("winsock", "ipv6")).toEqual({
    unsupported: "the documentation of WSAMSG names IPV6_DSTOPTS, and the headers of Windows give it no number"
  })
  const numbered = destinationOptions({ type: 77 })
  for (const platform of ["linux", "darwin"] as const)
    expect(numbered.cell(platform, "ipv6")).toEqual(DestinationOptions.cell(platform, "ipv6"))
  expect(numbered.cell("winsock", "ipv6")).toMatchObject({ request: [{ level: 41, option: 77, value: 1 }] })
  expect(arrivals(numbered, "winsock", "ipv6")).toMatchObject([{ level: 41, type: 77 }])
  expect(departure(numbered, "winsock", "ipv6")).toMatchObject({ level: 41, type: 77 })
})

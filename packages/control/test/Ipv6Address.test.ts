import { isIPv6 } from "node:net"
import { Codec, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { FastCheck } from "effect"
import { expect, it } from "vitest"
import { ipv4, ipv6, mapped } from "./arbitraries.ts"

const parse = (text: string): Ipv6Address => {
  const address = Ipv6Address.parse(text)
  if (Codec.isMalformed(address)) throw new Error(address.malformed)
  return address
}

it("an address is four unsigned numbers in host order and a zone", () => {
  expect(parse("2001:db8:ffff:0:8000::fffe%4294967295")).toMatchObject({
    family: "ipv6",
    a: 0x20010db8,
    b: 0xffff0000,
    c: 0x80000000,
    d: 0xfffe,
    zone: 0xffffffff
  })
  expect(Ipv6Address.of([0xfe80, 0, 0, 0, 0x8000, 0, 0, 1], 2)).toEqual(parse("fe80::8000:0:0:1%2"))
})

it.each([
  // RFC 5952 section 1 and 2: eight ways to write one address.
  ...[
    "2001:db8:0:0:1:0:0:1",
    "2001:0db8:0:0:1:0:0:1",
    "2001:db8::1:0:0:1",
    "2001:db8::0:1:0:0:1",
    "2001:0db8::1:0:0:1",
    "2001:db8:0:0:1::1",
    "2001:db8:0000:0:1::1",
    "2001:DB8:0:0:1::1"
  ].map((text) => [text, "2001:db8::1:0:0:1"]),
  // Section 2.1 to 2.3.
  ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"],
  ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:01", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"],
  ["2001:db8:aaaa:bbbb:cccc:dddd::1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"],
  ["2001:db8:aaaa:bbbb:cccc:dddd:0:1", "2001:db8:aaaa:bbbb:cccc:dddd:0:1"],
  ["2001:db8:0:0:0::1", "2001:db8::1"],
  ["2001:db8:0::1", "2001:db8::1"],
  ["2001:db8::aaaa:0:0:1", "2001:db8::aaaa:0:0:1"],
  ["2001:db8:0:0:aaaa::1", "2001:db8::aaaa:0:0:1"],
  ["2001:db8:aaaa:bbbb:cccc:dddd:eeee:AaAa", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa"],
  // Section 4.1: leading zeros; 4.2.1: as short as possible; 4.2.2: never for one group; 4.2.3: the longest run, the first of equals.
  ["2001:0db8::0001", "2001:db8::1"],
  ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
  ["2001:db8::0:1", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  // Section 4.3: lower case.
  ["2001:DB8::ABCD:EF", "2001:db8::abcd:ef"],
  // Section 5: dotted decimal only after a prefix that is known to contain an IPv4 address.
  ["0:0:0:0:0:ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["::ffff:c000:201", "::ffff:192.0.2.1"],
  ["::FFFF:0:0", "::ffff:0.0.0.0"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["::192.0.2.1", "::c000:201"],
  ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  // The ends.
  ["::", "::"],
  ["0:0:0:0:0:0:0:0", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["1:0:0:0:0:0:0:0", "1::"],
  ["0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
  ["0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"],
  ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  // RFC 4007 section 11: zones, by number.
  ["fe80::1%2", "fe80::1%2"],
  ["FF02::FB%12", "ff02::fb%12"],
  ["fe80::1%0", "fe80::1"],
  ["::ffff:192.0.2.1%3", "::ffff:192.0.2.1%3"]
])("%s is written %s", (text, canonical) => {
  expect(String(parse(text))).toBe(canonical)
  expect(parse(canonical)).toEqual(parse(text))
})

it("the text of an address parses to an equal one, zoned and mapped ones too", () => {
  FastCheck.assert(
    FastCheck.property(FastCheck.oneof(ipv6, mapped), (address) => {
      expect(Ipv6Address.parse(String(address))).toEqual(address)
    }),
    { numRuns: 1000 }
  )
})

it("the text equals that of the URL standard, except for mapped addresses", () => {
  FastCheck.assert(
    FastCheck.property(ipv6, (address) => {
      FastCheck.pre(!address.isIpv4Mapped)
      const text = String(address.withZone(0))
      expect(new URL(`http://[${text}]/`).hostname).toBe(`[${text}]`)
    }),
    { numRuns: 1000 }
  )
})

it.each([
  ["1::2::3", "'1::2::3' has '::' more than once", 1],
  [":::", "':::' has '::' more than once", 0],
  ["1:::2", "'1:::2' has '::' more than once", 1],
  ["12345::", "'12345' is not a group of one to four hexadecimal digits", 0],
  ["::g", "'g' is not a group of one to four hexadecimal digits", 2],
  ["1:2:3:4:5:6:7:8:9", "'1:2:3:4:5:6:7:8:9' does not have the eight groups of an IPv6 address", 0],
  ["1:2:3:4:5:6:7", "'1:2:3:4:5:6:7' does not have the eight groups of an IPv6 address", 0],
  ["1:2:3:4:5:6:7:1.2.3.4", "'1:2:3:4:5:6:7:1.2.3.4' does not have the eight groups of an IPv6 address", 0],
  ["", "'' does not have the eight groups of an IPv6 address", 0],
  ["%1", "'' does not have the eight groups of an IPv6 address", 0],
  ["1:2:3:4::5:6:7:8", "'1:2:3:4::5:6:7:8' has more than eight groups", 0],
  ["::1:2:3:4:5:6:1.2.3.4", "'::1:2:3:4:5:6:1.2.3.4' has more than eight groups", 0],
  [":1:2:3:4:5:6:7:8", "'' is not a group of one to four hexadecimal digits", 0],
  ["1:2:3:4:5:6:7:8:", "'' is not a group of one to four hexadecimal digits", 16],
  ["::1:", "'' is not a group of one to four hexadecimal digits", 4],
  [":", "'' is not a group of one to four hexadecimal digits", 0],
  [" ::1", "' ' is not a group of one to four hexadecimal digits", 0],
  ["::1 ", "'1 ' is not a group of one to four hexadecimal digits", 2],
  ["::-1", "'-1' is not a group of one to four hexadecimal digits", 2],
  ["[::1]", "'[' is not a group of one to four hexadecimal digits", 0],
  ["::ffff:1.2.3", "'1.2.3' does not have the four parts of an IPv4 address", 7],
  ["::ffff:1.2.3.256", "'256' is not a number from 0 to 255", 13],
  ["::ffff:01.2.3.4", "'01' has a leading zero: octal to some, decimal to others", 7],
  ["1.2.3.4::", "'1.2.3.4' is not a group of one to four hexadecimal digits", 0],
  ["::1.2.3.4:5", "'1.2.3.4' is not a group of one to four hexadecimal digits", 2],
  ["1.2.3.4", "'1.2.3.4' does not have the eight groups of an IPv6 address", 0],
  ["::1%eth0", "the zone 'eth0' is not an interface index", 4],
  ["::1%", "the zone '' is not an interface index", 4],
  ["::1%02", "the zone '02' is not an interface index", 4],
  ["::1%4294967296", "the zone '4294967296' is not an interface index", 4],
  ["::1%1%2", "the zone '1%2' is not an interface index", 4],
  ["::1%-1", "the zone '-1' is not an interface index", 4]
])("%j is rejected with the reason and its offset", (text, malformed, offset) => {
  expect(Ipv6Address.parse(text)).toEqual({ malformed, offset })
})

it("any text without a zone is parsed if Node's isIPv6 accepts it, or rejected", () => {
  const texts = FastCheck.oneof(
    FastCheck.string({ unit: FastCheck.constantFrom(":", "::", ":", "0", "1", "a", "b", "F", "."), maxLength: 20 }),
    FastCheck.tuple(
      ipv6.map((address) => String(address.withZone(0))),
      FastCheck.nat({ max: 40 }),
      FastCheck.constantFrom("", ":", "::", "0", "1.2.3.4", ":1.2.3.4", "g", "fff")
    ).map(([text, at, insert]) => text.slice(0, at) + insert + text.slice(at))
  )
  FastCheck.assert(
    FastCheck.property(texts, (text) => {
      const read = Ipv6Address.parse(text)
      expect(!Codec.isMalformed(read)).toBe(isIPv6(text))
      if (Codec.isMalformed(read)) {
        expect(read.offset).toBeGreaterThanOrEqual(0)
        expect(read.offset).toBeLessThanOrEqual(text.length)
      }
    }),
    { numRuns: 3000 }
  )
})

it("a mapped address and its IPv4 address convert to each other", () => {
  FastCheck.assert(
    FastCheck.property(ipv4, (address) => {
      const outside = Ipv6Address.fromIpv4(address)
      expect(outside.isIpv4Mapped).toBe(true)
      expect(outside.toIpv4()).toEqual(address)
      expect(String(outside)).toBe(`::ffff:${address}`)
    })
  )
  for (const text of ["::", "::1.2.3.4", "::fffe:1.2.3.4", "::1:ffff:1.2.3.4", "1::ffff:1.2.3.4"])
    expect(parse(text).toIpv4(), text).toBeUndefined()
  expect(parse("::ffff:1.2.3.4").toIpv4()).toEqual(Ipv4Address.of(1, 2, 3, 4))
})

it("special ranges are distinguished from their neighbours", () => {
  const which = (text: string) => {
    const address = parse(text)
    return (["isUnspecified", "isLoopback", "isMulticast", "isLinkLocal", "isIpv4Mapped"] as const).filter(
      (name) => address[name]
    )
  }
  expect(which("::")).toEqual(["isUnspecified"])
  expect(which("::1")).toEqual(["isLoopback"])
  for (const text of ["ff00::", "ff02::1", "ffff::"]) expect(which(text)).toEqual(["isMulticast"])
  for (const text of ["fe80::", "fe80::1%3", "febf::"]) expect(which(text)).toEqual(["isLinkLocal"])
  expect(which("::ffff:0:0")).toEqual(["isIpv4Mapped"])
  for (const text of ["::2", "1::", "1::1", "0:1::1", "feff::", "fe7f::", "fec0::", "2001:db8::1"])
    expect(which(text), text).toEqual([])
})

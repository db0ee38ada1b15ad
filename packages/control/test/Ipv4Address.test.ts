import { isIPv4 } from "node:net"
import { Codec, Ipv4Address } from "@ancillary/control"
import { FastCheck } from "effect"
import { expect, it } from "vitest"
import { ipv4 } from "./arbitraries.ts"

it("an address is one unsigned number in host order", () => {
  expect(Ipv4Address.parse("127.0.0.1")).toMatchObject({ family: "ipv4", value: 0x7f000001 })
  expect(Ipv4Address.of(255, 255, 255, 255).value).toBe(0xffffffff)
  expect(new Ipv4Address(-1).value).toBe(0xffffffff)
})

it.each(["0.0.0.0", "127.0.0.1", "192.0.2.1", "10.20.30.40", "224.0.0.251", "255.255.255.255"])(
  "%s is parsed and formatted without a change",
  (text) => {
    const address = Ipv4Address.parse(text)
    expect(Codec.isMalformed(address) ? address.malformed : address.toString()).toBe(text)
  }
)

it("the text of an address parses to an equal address", () => {
  FastCheck.assert(
    FastCheck.property(ipv4, (address) => {
      expect(Ipv4Address.parse(String(address))).toEqual(address)
    })
  )
})

it.each([
  ["010.1.1.1", "'010' has a leading zero: octal to some, decimal to others", 0],
  ["1.2.3.00", "'00' has a leading zero: octal to some, decimal to others", 6],
  ["1.2.3", "'1.2.3' does not have the four parts of an IPv4 address", 0],
  ["1.2.3.4.5", "'1.2.3.4.5' does not have the four parts of an IPv4 address", 0],
  ["16909060", "'16909060' does not have the four parts of an IPv4 address", 0],
  ["", "'' does not have the four parts of an IPv4 address", 0],
  ["256.1.1.1", "'256' is not a number from 0 to 255", 0],
  ["1.2.3.1000", "'1000' is not a number from 0 to 255", 6],
  ["1..3.4", "'' is not a number from 0 to 255", 2],
  ["1.2.3.", "'' is not a number from 0 to 255", 6],
  ["0x7f.0.0.1", "'0x7f' is not a number from 0 to 255", 0],
  ["-1.2.3.4", "'-1' is not a number from 0 to 255", 0],
  ["1e1.2.3.4", "'1e1' is not a number from 0 to 255", 0],
  [" 1.2.3.4", "' 1' is not a number from 0 to 255", 0],
  ["1.2.3.4 ", "'4 ' is not a number from 0 to 255", 6],
  ["1.2.3.4\n", "'4\n' is not a number from 0 to 255", 6],
  ["1.2.3.٤", "'٤' is not a number from 0 to 255", 6],
  ["localhost", "'localhost' does not have the four parts of an IPv4 address", 0]
])("%j is rejected with the reason and its offset", (text, malformed, offset) => {
  expect(Ipv4Address.parse(text)).toEqual({ malformed, offset })
})

it("any text is parsed if Node's isIPv4 accepts it, or rejected at an offset in it", () => {
  const texts = FastCheck.oneof(
    FastCheck.string(),
    FastCheck.stringMatching(/^[0-9]{1,4}(\.[0-9]{1,4}){2,4}$/),
    ipv4.map(String),
    FastCheck.tuple(ipv4, FastCheck.nat({ max: 15 }), FastCheck.constantFrom("", "0", ".", " ", "x", "9")).map(
      ([address, at, insert]) => `${String(address).slice(0, at)}${insert}${String(address).slice(at)}`
    )
  )
  FastCheck.assert(
    FastCheck.property(texts, (text) => {
      const read = Ipv4Address.parse(text)
      expect(!Codec.isMalformed(read)).toBe(isIPv4(text))
      if (Codec.isMalformed(read)) {
        expect(read.offset).toBeGreaterThanOrEqual(0)
        expect(read.offset).toBeLessThanOrEqual(text.length)
      }
    }),
    { numRuns: 1000 }
  )
})

it("special ranges are distinguished from their neighbours", () => {
  const which = (text: string) => {
    const address = Ipv4Address.parse(text)
    if (Codec.isMalformed(address)) throw new Error(address.malformed)
    return (["isUnspecified", "isLoopback", "isMulticast", "isLinkLocal"] as const).filter((name) => address[name])
  }
  expect(which("0.0.0.0")).toEqual(["isUnspecified"])
  for (const text of ["127.0.0.0", "127.0.0.1", "127.255.255.255"]) expect(which(text)).toEqual(["isLoopback"])
  for (const text of ["224.0.0.0", "239.255.255.255"]) expect(which(text)).toEqual(["isMulticast"])
  for (const text of ["169.254.0.0", "169.254.255.255"]) expect(which(text)).toEqual(["isLinkLocal"])
  for (const text of [
    "0.0.0.1",
    "126.255.255.255",
    "128.0.0.0",
    "223.255.255.255",
    "240.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "255.255.255.255"
  ])
    expect(which(text), text).toEqual([])
  expect(String(Ipv4Address.unspecified)).toBe("0.0.0.0")
  expect(String(Ipv4Address.loopback)).toBe("127.0.0.1")
  expect(String(Ipv4Address.broadcast)).toBe("255.255.255.255")
})

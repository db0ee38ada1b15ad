import {
  endpoint,
  type EndpointInput,
  type Family,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  UnixEndpoint
} from "@ancillary/control"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { internetEndpoint } from "./arbitraries.ts"

/** Without types, as a program in JavaScript calls it. */
const made = (family: Family, input: unknown) => endpoint(family, input as EndpointInput<"ipv4">)

const ipv4 = new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, 1), 53)
const ipv6 = new InternetEndpoint("ipv6", Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]), 53)
const mapped = new InternetEndpoint("ipv6", Ipv6Address.fromIpv4(ipv4.address), 53)

describe("endpoint()", () => {
  it("takes an address as text or as an object, and a port, on the address's family", () => {
    expect(endpoint("ipv4", { address: "192.0.2.1", port: 53 })).toEqual(ipv4)
    expect(endpoint("ipv4", { address: ipv4.address, port: 53 })).toEqual(ipv4)
    expect(endpoint("ipv6", { address: "2001:db8::1", port: 53 })).toEqual(ipv6)
    expect(endpoint("ipv6", { address: ipv6.address, port: 53 })).toEqual(ipv6)
    expect(endpoint("ipv6", { address: "fe80::1%2", port: 0 })).toMatchObject({ address: { zone: 2 }, port: 0 })
    expect(endpoint("unix", { path: "/run/x" })).toEqual(new UnixEndpoint("/run/x"))
    expect(endpoint("unix", { path: "\0x" })).toEqual(new UnixEndpoint("\0x"))
  })

  it("returns an endpoint that equals the one it is given", () => {
    expect(endpoint("ipv4", ipv4)).toEqual(ipv4)
    expect(endpoint("ipv6", ipv6)).toEqual(ipv6)
    expect(endpoint("dual", ipv4)).toEqual(ipv4)
    expect(endpoint("dual", ipv6)).toEqual(ipv6)
    const unix = new UnixEndpoint("/run/x")
    expect(endpoint("unix", unix)).toEqual(unix)
  })

  it("on a dual socket a mapped IPv6 address is an IPv4 peer", () => {
    for (const address of ["192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201", ipv4.address, mapped.address])
      expect(endpoint("dual", { address, port: 53 })).toEqual(ipv4)
    expect(endpoint("dual", mapped)).toEqual(ipv4)
    expect(endpoint("dual", { address: "2001:db8::1", port: 53 })).toEqual(ipv6)
  })

  it("on an IPv6 socket a mapped address stays as written", () => {
    expect(endpoint("ipv6", { address: "::ffff:192.0.2.1", port: 53 })).toEqual(mapped)
  })

  it("takes the ports 0 to 65535", () => {
    for (const port of [0, 1, 65535]) expect(endpoint("ipv4", { address: "192.0.2.1", port })).toMatchObject({ port })
  })

  it.each([
    [-1, "-1"],
    [65536, "65536"],
    [70000, "70000"],
    [53.5, "53.5"],
    [Number.NaN, "NaN"],
    [Infinity, "Infinity"],
    ["53", "'53'"],
    [undefined, "undefined"],
    [null, "null"],
    [53n, "53"]
  ])("rejects the port %s", (port, shown) => {
    for (const family of ["ipv4", "ipv6", "dual"] as const)
      expect(made(family, { address: family === "ipv4" ? "192.0.2.1" : "::1", port })).toEqual({
        malformed: `the port ${shown} is not an integer from 0 to 65535`,
        offset: 0
      })
  })

  it("rejects an address of the other family, and names the family of the socket", () => {
    const v4 = { malformed: "2001:db8::1 is an IPv6 address, this socket speaks IPv4 only", offset: 0 }
    const v6 = { malformed: "192.0.2.1 is an IPv4 address, this socket speaks IPv6 only", offset: 0 }
    for (const input of [{ address: "2001:db8::1", port: 53 }, { address: ipv6.address, port: 53 }, ipv6])
      expect(made("ipv4", input)).toEqual(v4)
    for (const input of [{ address: "192.0.2.1", port: 53 }, { address: ipv4.address, port: 53 }, ipv4])
      expect(made("ipv6", input)).toEqual(v6)
    expect(made("ipv4", { address: "::ffff:192.0.2.1", port: 53 })).toEqual({
      malformed: "::ffff:192.0.2.1 is an IPv6 address, this socket speaks IPv4 only",
      offset: 0
    })
  })

  it.each([
    ["localhost", "'localhost' does not have the four parts of an IPv4 address", 0],
    ["010.1.1.1", "'010' has a leading zero: octal to some, decimal to others", 0],
    ["", "'' does not have the four parts of an IPv4 address", 0],
    [undefined, "undefined is not an IP address", 0],
    [null, "null is not an IP address", 0],
    [0x7f000001, "2130706433 is not an IP address", 0],
    [{ family: "ipv4", value: 1 }, "[object Object] is not an IP address", 0],
    [["127.0.0.1"], "127.0.0.1 is not an IP address", 0]
  ])("rejects the address %j", (address, malformed, offset) => {
    expect(made("ipv4", { address, port: 53 })).toEqual({ malformed, offset })
    expect(made("dual", { address, port: 53 })).toEqual({ malformed, offset })
  })

  it.each([
    [null, "null is not an endpoint"],
    [undefined, "undefined is not an endpoint"],
    ["192.0.2.1:53", "'192.0.2.1:53' is not an endpoint"],
    [53, "53 is not an endpoint"]
  ])("rejects %j as an endpoint", (input, malformed) => {
    for (const family of ["ipv4", "ipv6", "dual", "unix"] as const)
      expect(made(family, input)).toEqual({ malformed, offset: 0 })
  })

  it.each([
    [{ path: "" }, "''"],
    [{ path: 1 }, "1"],
    [{ path: undefined }, "undefined"],
    [{}, "undefined"],
    [ipv4, "undefined"]
  ])("rejects %j for a Unix socket", (input, shown) => {
    expect(made("unix", input)).toEqual({
      malformed: `a Unix socket is named by a path that is not empty, not by ${shown}`,
      offset: 0
    })
  })

  it("returns an endpoint or a problem for any value, never an exception", () => {
    const anything = FastCheck.anything({ withNullPrototype: true, withBigInt: true })
    const input = FastCheck.oneof(
      anything,
      FastCheck.record({ address: anything, port: FastCheck.constant(53) }),
      FastCheck.record({ address: FastCheck.string(), port: anything }),
      FastCheck.record({ path: anything })
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.constantFrom<Family[]>("ipv4", "ipv6", "dual", "unix"), input, (family, value) => {
        const result = made(family, value)
        expect("malformed" in result || "family" in result).toBe(true)
      }),
      { numRuns: 2000 }
    )
    expect(made("ipv4", { address: Object.create(null) as object, port: 1 })).toMatchObject({ offset: 0 })
    expect(made("ipv4", { address: Symbol("x"), port: Symbol("y") })).toMatchObject({ offset: 0 })
  })
})

it("an endpoint has the usual text", () => {
  expect(String(ipv4)).toBe("192.0.2.1:53")
  expect(String(ipv6)).toBe("[2001:db8::1]:53")
  expect(String(new InternetEndpoint("ipv6", ipv6.address.withZone(2), 53))).toBe("[2001:db8::1%2]:53")
  expect(String(new UnixEndpoint("/run/x"))).toBe("/run/x")
  expect(String(new UnixEndpoint("\0x"))).toBe("@x")
  expect(String(new UnixEndpoint(undefined))).toBe("unnamed")
})

it("the text of an internet endpoint parses to an equal one", () => {
  FastCheck.assert(
    FastCheck.property(internetEndpoint, (each) => {
      const [, address = "", port = ""] = /^\[?(.+?)\]?:([0-9]+)$/.exec(String(each)) ?? []
      expect(endpoint(each.family, { address, port: Number(port) })).toEqual(each)
    })
  )
})

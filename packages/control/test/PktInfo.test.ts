import { Ipv4Address, Ipv6Address, PktInfo } from "@ancillary/control"
import { FastCheck } from "effect"
import { describe, expect, it } from "vitest"
import { ipv4, ipv6 } from "./arbitraries.ts"
import { arrivals, departure, platforms, read, refusal, written } from "./messages.ts"
import { fromHex, hex } from "./vectors.ts"

const four = Ipv4Address.of(192, 0, 2, 1)
const six = Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1])
const interfaceIndex = FastCheck.integer({ min: 0, max: 0x7fffffff })
const cells = platforms.flatMap((platform) => (["ipv4", "ipv6"] as const).map((family) => [platform, family] as const))

describe("reading", () => {
  it("Linux and Darwin, IPv4: the destination is ipi_addr, local is ipi_spec_dst", () => {
    for (const platform of ["linux", "darwin"] as const)
      expect(read(arrivals(PktInfo, platform, "ipv4")[0], fromHex("07000000c0000201e00000fb"))).toEqual({
        destination: Ipv4Address.of(224, 0, 0, 251),
        local: four,
        interfaceIndex: 7
      })
  })

  it("Winsock, IPv4: the address comes first, and there is no local address", () => {
    expect(read(arrivals(PktInfo, "winsock", "ipv4")[0], fromHex("e00000fb07000000"))).toEqual({
      destination: Ipv4Address.of(224, 0, 0, 251),
      local: undefined,
      interfaceIndex: 7
    })
  })

  it.each(platforms)("%s, IPv6: only a link-local destination has the interface as its zone", (platform) => {
    const [arrival] = arrivals(PktInfo, platform, "ipv6")
    const bytes = (address: string) => fromHex(`${address}07000000`)
    expect(read(arrival, bytes("fe800000000000000000000000000001"))).toEqual({
      destination: Ipv6Address.parse("fe80::1%7"),
      local: undefined,
      interfaceIndex: 7
    })
    for (const [address, text] of [
      ["20010db8000000000000000000000001", "2001:db8::1"],
      ["ff0200000000000000000000000000fb", "ff02::fb"]
    ] as const)
      expect(read(arrival, bytes(address))).toEqual({
        destination: Ipv6Address.parse(text),
        local: undefined,
        interfaceIndex: 7
      })
  })

  it("a datagram queued before the option has interface 0 and no local address", () => {
    expect(read(arrivals(PktInfo, "linux", "ipv4")[0], fromHex("000000000000000007080900"))).toEqual({
      destination: Ipv4Address.of(7, 8, 9, 0),
      interfaceIndex: 0,
      local: undefined
    })
  })
})

describe("sending", () => {
  it.each(cells)("%s, %s: source and interface are written to the fields that the kernel reads", (platform, family) => {
    const [arrival] = arrivals(PktInfo, platform, family)
    const sends = departure(PktInfo, platform, family)
    if (sends === undefined) throw new Error("it can be sent")
    const sources: FastCheck.Arbitrary<Ipv4Address | Ipv6Address> =
      family === "ipv4" ? ipv4 : ipv6.map((address) => address.withZone(0))
    FastCheck.assert(
      FastCheck.property(sources, interfaceIndex, (source, index) => {
        FastCheck.pre(!source.isMulticast && String(source) !== "255.255.255.255")
        const value = { source, interfaceIndex: index }
        expect(refusal(sends, value)).toBeUndefined()
        const bytes = written(sends, value)
        expect(bytes.length).toBe(sends.payload.size)
        expect(hex(written(sends, { source: String(source), interfaceIndex: index }))).toBe(hex(bytes))
        const zoned = source instanceof Ipv6Address && source.isLinkLocal ? source.withZone(index) : source
        expect(read(arrival, bytes)).toEqual(
          family === "ipv4" && platform !== "winsock"
            ? {
                destination: Ipv4Address.unspecified,
                // Zeros mean that it is absent.
                local: source.equals(Ipv4Address.unspecified) ? undefined : source,
                interfaceIndex: index
              }
            : { destination: zoned, local: undefined, interfaceIndex: index }
        )
      })
    )
  })

  it.each(cells)("%s, %s: absent fields are zeros, so the kernel chooses", (platform, family) => {
    const sends = departure(PktInfo, platform, family)
    if (sends === undefined) throw new Error("it can be sent")
    const source = family === "ipv4" ? four : six
    for (const value of [
      {},
      { source: undefined },
      { interfaceIndex: undefined },
      { source: undefined, interfaceIndex: 0 },
      // Only its own fields count.
      Object.create({ comment: "the address of eth0" })
    ]) {
      expect(refusal(sends, value)).toBeUndefined()
      expect(hex(written(sends, value))).toMatch(/^(00)+$/)
    }
    expect(hex(written(sends, { interfaceIndex: 7 })).replaceAll("0", "")).toBe("7")
    expect(hex(written(sends, { source }))).toBe(hex(written(sends, { source, interfaceIndex: 0 })))
  })

  it.each(platforms)("%s: the zone of a link-local source is the interface if none is given", (platform) => {
    const sends = departure(PktInfo, platform, "ipv6")
    if (sends === undefined) throw new Error("it can be sent")
    expect(hex(written(sends, { source: "fe80::1%7" }))).toBe("fe80000000000000000000000000000107000000")
    expect(hex(written(sends, { source: "fe80::1", interfaceIndex: 7 }))).toBe(
      "fe80000000000000000000000000000107000000"
    )
  })

  const both: ReadonlyArray<readonly [unknown, string]> = [
    [null, "null is not a packet source"],
    ["192.0.2.1", "'192.0.2.1' is not a packet source"],
    [7, "7 is not a packet source"],
    [{ interfaceIndex: -1 }, "-1 is not an interface index"],
    [{ interfaceIndex: 1.5 }, "1.5 is not an interface index"],
    [{ interfaceIndex: 2 ** 31 }, "2147483648 is not an interface index"],
    [{ interfaceIndex: null }, "null is not an interface index"],
    [{ interfaceIndex: Number.NaN }, "NaN is not an interface index"],
    [{ interfaceIndex: "eth0" }, "'eth0' is not an interface index"],
    [{ source: "010.1.1.1" }, "'010' has a leading zero: octal to some, decimal to others"],
    [{ source: "fe80::1%eth0" }, "the zone 'eth0' is not an interface index"],
    [{ address: four }, "a packet source has 'source' and 'interfaceIndex', not 'address'"],
    [{ source: four, interfaceIndex: 1, port: 53 }, "a packet source has 'source' and 'interfaceIndex', not 'port'"],
    // Received packet information is not a source: on Linux the destination may be a group.
    [
      { destination: four, local: four, interfaceIndex: 7 },
      "a packet source has 'source' and 'interfaceIndex', not 'destination'"
    ]
  ]
  const ofFamily: { readonly ipv4: typeof both; readonly ipv6: typeof both } = {
    ipv4: [
      [{ source: null }, "null is not an IPv4 address"],
      [{ source: 0x7f000001 }, "2130706433 is not an IPv4 address"],
      [{ source: { family: "ipv4", value: 1 } }, "[object Object] is not an IPv4 address"],
      [{ source: six }, "2001:db8::1 is not an IPv4 address"],
      [{ source: "2001:db8::1" }, "2001:db8::1 is not an IPv4 address"],
      [{ source: "::ffff:192.0.2.1" }, "::ffff:192.0.2.1 is not an IPv4 address"],
      [{ source: "224.0.0.251" }, "224.0.0.251 is a group: nothing can be sent from it"],
      [{ source: Ipv4Address.of(239, 1, 2, 3) }, "239.1.2.3 is a group: nothing can be sent from it"],
      [{ source: "255.255.255.255" }, "255.255.255.255 is a broadcast address: nothing can be sent from it"]
    ],
    ipv6: [
      [{ source: null }, "null is not an IPv6 address"],
      [{ source: { family: "ipv6", a: 1, b: 1, c: 1, d: 1, zone: 0 } }, "[object Object] is not an IPv6 address"],
      [{ source: four }, "192.0.2.1 is not an IPv6 address"],
      [{ source: "192.0.2.1" }, "192.0.2.1 is not an IPv6 address"],
      [{ source: "ff02::1" }, "ff02::1 is a group: nothing can be sent from it"],
      [{ source: "fe80::1%2", interfaceIndex: 3 }, "fe80::1%2 is an address of interface 2, not of 3"]
    ]
  }
  it.each(cells)("%s, %s: rejects values that cannot be a source with a sentence", (platform, family) => {
    const sends = departure(PktInfo, platform, family)
    for (const [value, sentence] of [...both, ...ofFamily[family]]) expect(refusal(sends, value)).toBe(sentence)
  })
})

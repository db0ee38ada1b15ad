import { Codec, ExtensionHeader, Ipv6Address } from "@ancillary/control"
import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { ipv6 } from "./arbitraries.ts"
import { fromHex, hex, vectors } from "./vectors.ts"

type Option = ExtensionHeader.OptionToSend

const built = (answer: Uint8Array | Codec.Malformed): Uint8Array => {
  if (Codec.isMalformed(answer)) throw new Error(answer.malformed)
  return answer
}
const sentence = (answer: unknown): string => {
  if (!Codec.isMalformed(answer)) throw new Error("it was not refused")
  return answer.malformed
}
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index + 1)

describe("options headers", () => {
  const x: Option = { type: 0x1e, data: fromHex("aaaaaaaabbbbbbbbbbbbbbbb"), alignment: { x: 8, y: 2 } }
  const y: Option = { type: 0x3e, data: fromHex("ccddddeeeeeeee"), alignment: { x: 4, y: 3 } }

  it.each<readonly [string, ReadonlyArray<Option>, string]>([
    ["X", [x], "0001 1e0caaaaaaaabbbbbbbbbbbbbbbb"],
    ["Y", [y], "0001 00 3e07ccddddeeeeeeee 01020000"],
    ["X and Y", [x, y], "0003 1e0caaaaaaaabbbbbbbbbbbbbbbb 010100 3e07ccddddeeeeeeee 01020000"],
    ["Y and X", [y, x], "0003 00 3e07ccddddeeeeeeee 010400000000 1e0caaaaaaaabbbbbbbbbbbbbbbb"]
  ])("RFC 8200, appendix A: the formats of a header with %s", (_, options, bytes) => {
    expect(hex(built(ExtensionHeader.buildOptions({ options })))).toBe(bytes.replaceAll(" ", ""))
  })

  const made = vectors.flatMap(({ abi, headers }) => headers?.options.map((each) => ({ ...each, abi })) ?? [])
  it("there are headers built by a C library", () => expect(made.length).toBeGreaterThan(10))
  it.each(made)("$abi: the bytes that inet6_opt_append makes: $name", ({ bytes, options }) => {
    const header = {
      options: options.map(({ align, length, type }) => ({
        type,
        data: counting(length),
        // RFC 3542 aligns the data, RFC 8200 the type, 2 bytes before it.
        alignment: { x: align, y: (8 - 2) % align }
      }))
    }
    expect(hex(built(ExtensionHeader.buildOptions(header)))).toBe(bytes)
    expect(ExtensionHeader.parseOptions(fromHex(bytes))).toMatchObject({
      nextHeader: 0,
      options: header.options.map(({ data, type }) => ({ type, data })),
      bytes: fromHex(bytes)
    })
  })

  it("a router alert has an even offset and a value of 16 bits", () => {
    const { options } = ExtensionHeader.parseOptions(
      built(
        ExtensionHeader.buildOptions({
          options: [{ type: 0x1e, data: fromHex("01") }, ExtensionHeader.routerAlert(0x1234)]
        })
      )
    ) as ExtensionHeader.OptionsHeader
    expect(options[1]).toEqual({ type: 5, data: fromHex("1234"), ifUnknown: "skip", changeable: false })
    expect(hex(built(ExtensionHeader.buildOptions({ options: [ExtensionHeader.routerAlert(0)] })))).toBe(
      "0000050200000100"
    )
  })

  it.each([
    [0x1e, "skip", false],
    [0x3e, "skip", true],
    [0x5e, "discard", false],
    [0x9e, "discard-and-report", false],
    [0xbe, "discard-and-report", true],
    [0xc9, "discard-and-report-unless-multicast", false],
    [0xff, "discard-and-report-unless-multicast", true]
  ])("an unknown option is kept, with the bits of its type decoded: %i is %s", (type, ifUnknown, changeable) => {
    const bytes = Uint8Array.of(17, 0, type, 2, 1, 2, 1, 0)
    expect(ExtensionHeader.parseOptions(bytes)).toEqual({
      nextHeader: 17,
      options: [{ type, data: Uint8Array.of(1, 2), ifUnknown, changeable }],
      bytes
    })
  })

  it("a parsed header is a copy", () => {
    const bytes = fromHex("11001e0401020304")
    const header = ExtensionHeader.parseOptions(bytes)
    bytes.fill(0)
    expect(header).toMatchObject({
      options: [{ data: fromHex("01020304") }],
      bytes: fromHex("11001e0401020304")
    })
  })

  it("the bytes keep the padding: headers of equal options may differ in them", () => {
    const [near, far] = ["11001e0107010100", "1100001e01070000"]
    const [one, two] = [near, far].map((bytes) => ExtensionHeader.parseOptions(fromHex(bytes)))
    expect(one).toEqual({ ...two, bytes: fromHex(near) })
    expect(one).not.toEqual(two)
  })

  it.each([
    ["", "an extension header of 0 bytes is not a multiple of 8 from 8 to 2048"],
    ["11001e04010203", "an extension header of 7 bytes is not a multiple of 8 from 8 to 2048"],
    ["11001e0401020304 01060000", "an extension header of 12 bytes is not a multiple of 8 from 8 to 2048"],
    ["11011e0401020304", "an extension header declares 16 bytes and has 8"],
    ["11001e0401020304 0106000000000000", "an extension header declares 8 bytes and has 16"],
    ["11001e0501020304", "an option of type 30 declares 5 bytes, 4 are left"],
    ["110001c800000000", "an option of type 1 declares 200 bytes, 4 are left"],
    ["11001e030102031e", "an option of type 30 has no length"]
  ])("%s is malformed", (bytes, why) => {
    expect(ExtensionHeader.parseOptions(fromHex(bytes.replaceAll(" ", "")))).toEqual({ malformed: why, offset: 0 })
  })

  it.each<readonly [unknown, string]>([
    [undefined, "undefined is not an options header: a record with an array of 'options'"],
    [{ options: "all" }, "[object Object] is not an options header: a record with an array of 'options'"],
    [{ options: [null] }, "option 0: null is not an option: a type and its data"],
    [
      { options: [x, { type: 0, data: x.data }] },
      "option 1: type 0 is padding, which is inserted if alignment requires it"
    ],
    [
      { options: [{ type: 1, data: x.data }] },
      "option 0: type 1 is padding, which is inserted if alignment requires it"
    ],
    [{ options: [{ type: 256, data: x.data }] }, "option 0: 256 is not a type of option: an integer from 2 to 255"],
    [{ options: [{ type: 5.5, data: x.data }] }, "option 0: 5.5 is not a type of option: an integer from 2 to 255"],
    [{ options: [{ type: 30, data: "text" }] }, "option 0: the data 'text' is not a Uint8Array"],
    [
      { options: [{ type: 30, data: new Uint8Array(256) }] },
      "option 0: 256 bytes of data are more than the 255 that fit into an option"
    ],
    [{ options: [{ ...x, alignment: 8 }] }, "option 0: 8 is not an alignment: { x, y }"],
    [
      { options: [{ ...x, alignment: { x: 3, y: 0 } }] },
      "option 0: an alignment to 3 bytes is not allowed: give 1, 2, 4 or 8"
    ],
    [
      { options: [{ ...x, alignment: { x: 16, y: 0 } }] },
      "option 0: an alignment to 16 bytes is not allowed: give 1, 2, 4 or 8"
    ],
    [{ options: [{ ...x, alignment: { x: 4, y: 4 } }] }, "option 0: an alignment of 4n+4: y is an integer from 0 to 3"],
    [
      { options: [{ ...x, alignment: { x: 4, y: -1 } }] },
      "option 0: an alignment of 4n+-1: y is an integer from 0 to 3"
    ],
    [
      { options: Array.from({ length: 8 }, () => ({ type: 30, data: new Uint8Array(254) })) },
      "2056 bytes of options are more than the 2048 that fit into a header"
    ]
  ])("%o is not built", (header, why) => {
    const answer = ExtensionHeader.buildOptions(header as ExtensionHeader.OptionsToSend)
    expect(answer).toEqual({ malformed: why, offset: 0 })
  })

  it("the largest header has 2048 bytes", () => {
    const options = Array.from({ length: 8 }, () => ({ type: 30, data: new Uint8Array(253) }))
    const last = { type: 30, data: new Uint8Array(4) }
    expect(built(ExtensionHeader.buildOptions({ options: [...options, last] }))).toHaveLength(2048)
  })

  const option: FastCheck.Arbitrary<Option> = FastCheck.record({
    type: FastCheck.integer({ min: 2, max: 255 }),
    data: FastCheck.uint8Array({ maxLength: 40 }),
    alignment: FastCheck.oneof(
      FastCheck.constant(undefined),
      FastCheck.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8).chain((multiple) =>
        FastCheck.record({ x: FastCheck.constant(multiple), y: FastCheck.integer({ min: 0, max: multiple - 1 }) })
      )
    )
  })

  it.prop(
    "a built header parses again, with each option at its alignment",
    [FastCheck.array(option, { maxLength: 20 })],
    ([options]) => {
      const bytes = built(ExtensionHeader.buildOptions({ options }))
      const header = ExtensionHeader.parseOptions(bytes)
      expect(header).toMatchObject({ nextHeader: 0, options: options.map(({ data, type }) => ({ type, data })) })
      // Walks by hand, as a receiver does: padding is zero, at most 7 bytes in a row, and each option is aligned.
      let wanted = 0
      let run = 0
      for (let at = 2; at < bytes.length;) {
        const type = bytes[at] ?? -1
        const length = type === 0 ? 1 : 2 + (bytes[at + 1] ?? 0)
        if (type <= 1) {
          run += length
          expect(run).toBeLessThanOrEqual(7)
          if (type === 1) expect(bytes.subarray(at + 2, at + length)).toEqual(new Uint8Array(length - 2))
        } else {
          const alignment = options[wanted++]?.alignment
          if (alignment !== undefined) expect(at % alignment.x).toBe(alignment.y)
          run = 0
        }
        at += length
      }
      expect(wanted).toBe(options.length)
    },
    { fastCheck: { seed: 8200 } }
  )

  it.prop(
    "padding is removed, whatever its bytes",
    [FastCheck.uint8Array({ minLength: 4, maxLength: 4 })],
    ([noise]) => {
      const bytes = Uint8Array.of(17, 0, 1, 4, ...noise)
      expect(ExtensionHeader.parseOptions(bytes)).toEqual({ nextHeader: 17, options: [], bytes })
    },
    { fastCheck: { seed: 8200 } }
  )
})

describe("routing headers", () => {
  const [one, two] = [
    Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]),
    Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 2])
  ]
  const [oneHex, twoHex] = ["20010db8000000000000000000000001", "20010db8000000000000000000000002"]

  const routes = vectors.flatMap(({ abi, headers }) => headers?.sourceRoutes.map((each) => ({ ...each, abi })) ?? [])
  it.each(routes)(
    "$abi: a header of type 0 from inet6_rth_add is parsed: $addresses addresses",
    ({ addresses, bytes }) => {
      expect(ExtensionHeader.parseRouting(fromHex(bytes))).toEqual({
        kind: "sourceRoute",
        type: 0,
        nextHeader: 0,
        segmentsLeft: addresses,
        bytes: fromHex(bytes),
        addresses: Array.from({ length: addresses }, (_, index) =>
          Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, index + 1])
        )
      })
    }
  )

  it("type 2 has a home address, built and read", () => {
    const bytes = built(ExtensionHeader.buildRouting({ kind: "homeAddress", address: "2001:db8::1" }))
    expect(hex(bytes)).toBe(`0002020100000000${oneHex}`)
    expect(ExtensionHeader.parseRouting(bytes)).toEqual({
      kind: "homeAddress",
      type: 2,
      nextHeader: 0,
      segmentsLeft: 1,
      bytes,
      address: one
    })
  })

  it("type 4 has segments in reverse order of travel, flags, a tag and TLVs", () => {
    const tlvs = fromHex("0502aaaa04000000")
    const bytes = built(
      ExtensionHeader.buildRouting({ kind: "segments", addresses: [one, "2001:db8::2"], flags: 8, tag: 0x1234, tlvs })
    )
    expect(hex(bytes)).toBe(`0005040101081234${oneHex}${twoHex}${hex(tlvs)}`)
    expect(ExtensionHeader.parseRouting(bytes)).toEqual({
      kind: "segments",
      type: 4,
      nextHeader: 0,
      segmentsLeft: 1,
      bytes,
      addresses: [one, two],
      flags: 8,
      tag: 0x1234,
      tlvs
    })
  })

  it("another type keeps its bytes", () => {
    const bytes = fromHex("1100fd0901020304")
    expect(ExtensionHeader.parseRouting(bytes)).toEqual({
      kind: "unknown",
      type: 253,
      nextHeader: 17,
      segmentsLeft: 9,
      bytes,
      data: fromHex("01020304")
    })
  })

  it.each([
    ["11000000000000", "an extension header of 7 bytes is not a multiple of 8 from 8 to 2048"],
    ["1102000000000000", "an extension header declares 24 bytes and has 8"],
    ["1101000000000000 0000000000000000", "a routing header of type 0 with 8 bytes of addresses"],
    [`1102000200000000${oneHex}`, "a routing header of type 0 has 2 segments left of 1"],
    ["1100020000000000", "a routing header of type 2 with 0 bytes for its one address"],
    [`1102020200000000${oneHex}`, "a routing header of type 2 has 2 segments left of 1"],
    ["1100040000000000", "a routing header of type 4 lists 1 segments in 0 bytes"],
    [`1102040001000000${oneHex}`, "a routing header of type 4 lists 2 segments in 16 bytes"],
    [`1102040200000000${oneHex}`, "a routing header of type 4 has 2 segments left of 1"]
  ])("%s is malformed", (bytes, why) => {
    expect(ExtensionHeader.parseRouting(fromHex(bytes.replaceAll(" ", "")))).toEqual({ malformed: why, offset: 0 })
  })

  it("type 4 may have as many segments left as it lists (reduced list)", () => {
    expect(ExtensionHeader.parseRouting(fromHex(`1102040100000000${oneHex}`))).toMatchObject({
      segmentsLeft: 1,
      addresses: [one]
    })
  })

  it.each<readonly [unknown, string]>([
    [
      ExtensionHeader.parseRouting(fromHex("1100000000000000")),
      "a routing header of type 0 must not be sent (RFC 5095): it lets anybody send packets to and fro between two nodes"
    ],
    [7, `7 is not a routing header of kind "homeAddress" or "segments"`],
    [{ kind: "unknown" }, `[object Object] is not a routing header of kind "homeAddress" or "segments"`],
    [{ kind: "homeAddress", address: "192.0.2.1" }, "'192.0.2.1' does not have the eight groups of an IPv6 address"],
    [{ kind: "homeAddress", address: 1 }, "1 is not an IPv6 address"],
    [{ kind: "segments", addresses: [] }, "segments are an array of at least one address"],
    [{ kind: "segments", addresses: one }, "segments are an array of at least one address"],
    [{ kind: "segments", addresses: [one, {}] }, "[object Object] is not an IPv6 address"],
    [{ kind: "segments", addresses: [one], segmentsLeft: 2 }, "2 segments left of 1"],
    [{ kind: "segments", addresses: [one], flags: 256 }, "flags of 256 are not an integer from 0 to 255"],
    [{ kind: "segments", addresses: [one], tag: -1 }, "a tag of -1 is not an integer from 0 to 65535"],
    [
      { kind: "segments", addresses: [one], tlvs: new Uint8Array(7) },
      "what stands behind the addresses is a Uint8Array of a multiple of 8 bytes"
    ],
    [
      { kind: "segments", addresses: Array.from({ length: 128 }, () => one) },
      "2056 bytes of segments are more than the 2048 that fit into a header"
    ]
  ])("%o is not built", (header, why) => {
    expect(sentence(ExtensionHeader.buildRouting(header as ExtensionHeader.RoutingHeaderToSend))).toBe(why)
  })

  const segments = FastCheck.array(ipv6, { minLength: 1, maxLength: 30 }).chain((addresses) =>
    FastCheck.record({
      kind: FastCheck.constant("segments" as const),
      addresses: FastCheck.constant(addresses.map((address) => address.withZone(0))),
      segmentsLeft: FastCheck.integer({ min: 0, max: addresses.length }),
      flags: FastCheck.integer({ min: 0, max: 255 }),
      tag: FastCheck.integer({ min: 0, max: 65535 }),
      tlvs: FastCheck.integer({ min: 0, max: 4 }).chain((units) =>
        FastCheck.uint8Array({ minLength: 8 * units, maxLength: 8 * units })
      )
    })
  )
  it.prop(
    "a built header parses again, and a parsed header builds again",
    [segments],
    ([header]) => {
      const bytes = built(ExtensionHeader.buildRouting(header))
      const read = ExtensionHeader.parseRouting(bytes)
      expect(read).toMatchObject(header)
      expect(ExtensionHeader.buildRouting(read as ExtensionHeader.RoutingHeaderToSend)).toEqual(bytes)
    },
    { fastCheck: { seed: 8754 } }
  )
})

describe("any bytes are a header or malformed, and no byte is read twice", () => {
  // Half of them have a valid frame, so that the options are reached.
  const noise = FastCheck.uint8Array({ maxLength: 128 })
  const framed = FastCheck.integer({ min: 0, max: 15 }).chain((units) =>
    FastCheck.uint8Array({ minLength: 8 * units + 8, maxLength: 8 * units + 8 }).map((bytes) => {
      bytes[1] = units
      return bytes
    })
  )
  const type = FastCheck.constantFrom(0, 2, 4, 253)
  const bytes = FastCheck.oneof(noise, framed)

  it.prop(
    "options",
    [bytes],
    ([bytes]) => {
      const header = ExtensionHeader.parseOptions(bytes)
      if (Codec.isMalformed(header)) {
        expect(header.malformed).toMatch(/\S/)
        return
      }
      const size = header.options.reduce((sum, { data }) => sum + 2 + data.length, 2)
      expect(size).toBeLessThanOrEqual(bytes.length)
      for (const { type } of header.options) expect(type).toBeGreaterThan(1)
      expect(header.bytes).toEqual(bytes)
      // Building ignores the bytes: a received header is built from its options.
      const without = { options: header.options }
      expect(ExtensionHeader.buildOptions(header)).toEqual(ExtensionHeader.buildOptions(without))
    },
    { fastCheck: { seed: 8200, numRuns: 2000 } }
  )

  it.prop(
    "routing headers",
    [bytes, type],
    ([bytes, type]) => {
      if (bytes.length > 2) bytes[2] = type
      const header = ExtensionHeader.parseRouting(bytes)
      if (Codec.isMalformed(header)) {
        expect(header.malformed).toMatch(/\S/)
        return
      }
      expect([header.type, header.bytes]).toEqual([type, bytes])
    },
    { fastCheck: { seed: 8200, numRuns: 2000 } }
  )
})

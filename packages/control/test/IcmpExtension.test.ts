/** Extensions of ICMP messages: the bytes of C, random bytes, and mistakes that a router may make. */
import { Codec, IcmpExtension, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { describe, expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { fromHex, hex, vectors } from "./vectors.ts"

type Object = IcmpExtension.IcmpExtension

const label = { label: 24_001, trafficClass: 0, bottomOfStack: true, ttl: 1 }
/** By the names of the vectors. */
const expected: { readonly [name: string]: ReadonlyArray<Object> } = {
  "no object": [],
  "one label": [{ kind: "mplsLabelStack", labels: [label] }],
  "three labels": [
    {
      kind: "mplsLabelStack",
      labels: [
        { label: 0xfffff, trafficClass: 7, bottomOfStack: false, ttl: 255 },
        { label: 16, trafficClass: 5, bottomOfStack: false, ttl: 254 },
        { label: 3, trafficClass: 0, bottomOfStack: true, ttl: 0 }
      ]
    }
  ],
  "an interface with every field": [
    {
      kind: "interface",
      role: "incoming",
      index: 7,
      address: Ipv4Address.of(192, 0, 2, 1),
      name: "ge-0/1",
      mtu: 9000
    }
  ],
  "an IPv6 next hop": [
    { kind: "interface", role: "nextHop", address: Ipv6Address.of([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]) }
  ],
  "a link of a bundle, with a name of 7 bytes": [
    { kind: "interface", role: "incomingSubIp", index: 0xfffffffe, name: "lag0.10" }
  ],
  "labels, an outgoing interface, an object that is not read": [
    { kind: "mplsLabelStack", labels: [label] },
    { kind: "interface", role: "outgoing", mtu: 1500 },
    { kind: "unknown", class: 3, type: 2, payload: fromHex("00000009") }
  ]
}

const made = vectors.flatMap(({ abi, extensions }) => extensions?.map((each) => ({ ...each, abi })) ?? [])

/** An extension of these objects, its checksum right. */
const extension = (...objects: ReadonlyArray<string>): Uint8Array => {
  const bytes = fromHex(`20000000${objects.join("")}`)
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  new DataView(bytes.buffer).setUint16(2, ~sum & 0xffff)
  return bytes
}
const sentence = (answer: unknown) => (Codec.isMalformed(answer) ? `${answer.malformed} (at ${answer.offset})` : answer)

describe("an extension of an ICMP message", () => {
  it("has vectors of two ABIs", () => expect(made.length).toBe(2 * Object.keys(expected).length))
  it.each(made)("$abi: is read from the bytes that C makes: $name", ({ bytes, name }) => {
    expect(IcmpExtension.decode(fromHex(bytes))).toStrictEqual(expected[name])
  })
  it.each(made.filter(({ abi }) => abi === "linux-glibc-64"))(
    "has the checksum that C computes: $name",
    ({ bytes }) => {
      expect(hex(extension(bytes.slice(8)))).toBe(bytes)
    }
  )

  it.each([
    ["", "an extension has a header of 4 bytes, not 0 (at 0)"],
    ["200000", "an extension has a header of 4 bytes, not 3 (at 0)"],
    ["10000000", "an extension has version 2, not 1 (at 0)"],
    ["30000000", "an extension has version 2, not 3 (at 0)"],
    ["2000c8180008010105dc1101", "the checksum of the extension is wrong (at 2)"],
    ["2000ffff0008010105dc1101", "the checksum of the extension is wrong (at 2)"],
    ["20000000000401", "3 bytes are left, the header of an object takes 4 (at 4)"],
    ["2000000000000101", "an object declares 0 bytes, 4 are left (at 4)"],
    ["2000000000030101", "an object declares 3 bytes, 4 are left (at 4)"],
    ["2000000000080101", "an object declares 8 bytes, 4 are left (at 4)"],
    ["20000000ffff010105dc1101", "an object declares 65535 bytes, 8 are left (at 4)"],
    ["200000000008010105dc11010000", "2 bytes are left, the header of an object takes 4 (at 12)"]
  ])("with the bytes '%s' is malformed", (bytes, why) => {
    expect(sentence(IcmpExtension.decode(fromHex(bytes)))).toBe(why)
  })

  it("needs no checksum if none was sent", () => {
    expect(IcmpExtension.decode(fromHex("200000000008010105dc1101"))).toEqual(expected["one label"])
  })

  it.each([
    ["a label stack without a label", "00040101", 1, 1],
    ["half a label", "0006010105dc", 1, 1],
    ["a label stack of another type", "0008010205dc1101", 1, 2],
    ["an index that is cut", "00060208ffff", 2, 8],
    ["an address of no known family", "000c0204000300007f000001", 2, 4],
    ["an IPv6 address of 4 bytes", "000c0204000200007f000001", 2, 4],
    ["an address without a family", "000602040001", 2, 4],
    ["a name of no length", "0008020200616263", 2, 2],
    ["a name that is no multiple of 4", "0008020203616263", 2, 2],
    ["a name that leads out of the object", "0008020208616263", 2, 2],
    ["a name of more than 64 bytes", "0048020244" + "61".repeat(67), 2, 2],
    ["no name where one is announced", "00040202", 2, 2],
    ["an MTU that is cut", "00060201ffff", 2, 1],
    ["bytes behind the fields", "000c0201000005dc00000000", 2, 1]
  ])("with %s keeps the bytes of the object", (_, object, kind, type) => {
    const payload = fromHex(object.slice(8))
    expect(IcmpExtension.decode(extension(object))).toEqual([{ kind: "unknown", class: kind, type, payload }])
  })

  it("reads an interface without fields, and a name that is not UTF-8", () => {
    expect(IcmpExtension.decode(extension("00040280"))).toEqual([{ kind: "interface", role: "outgoing" }])
    const [named] = IcmpExtension.decode(extension("0008020204ff6100")) as ReadonlyArray<Object>
    expect(named).toEqual({ kind: "interface", role: "incoming", name: "\udcffa" })
  })

  it("copies what it reads", () => {
    const bytes = extension("000803020000002a")
    const [object] = IcmpExtension.decode(bytes) as ReadonlyArray<Object>
    bytes.fill(0xff)
    expect(object).toMatchObject({ payload: Uint8Array.of(0, 0, 0, 42) })
  })

  it("is found inside a larger block", () => {
    const bytes = fromHex(`ffffff${hex(extension("0008010105dc1101"))}ffff`)
    expect(IcmpExtension.decode(bytes.subarray(3, 15))).toEqual(expected["one label"])
  })
})

describe("any extension", () => {
  const byte = FastCheck.integer({ min: 0, max: 255 })
  const object = FastCheck.record({ kind: byte, type: byte, payload: FastCheck.uint8Array({ maxLength: 40 }) })
  const written = (objects: ReadonlyArray<{ kind: number; type: number; payload: Uint8Array }>) =>
    extension(
      ...objects.map(({ kind, payload, type }) =>
        [0, 4 + payload.length, kind, type, ...payload].map((each) => each.toString(16).padStart(2, "0")).join("")
      )
    )

  it("gives all well-formed objects in order, with every byte of an unknown one", () =>
    FastCheck.assert(
      FastCheck.property(FastCheck.array(object, { maxLength: 8 }), (objects) => {
        const read = IcmpExtension.decode(written(objects))
        if (Codec.isMalformed(read)) throw new Error(read.malformed)
        expect(read.length).toBe(objects.length)
        read.forEach((each, index) => {
          const { kind, payload, type } = objects[index] ?? { kind: 0, type: 0, payload: new Uint8Array(0) }
          if (each.kind === "unknown") expect(each).toEqual({ kind: "unknown", class: kind, type, payload })
          else expect(each.kind === "mplsLabelStack" ? [1, 1] : [2, type]).toEqual([kind, type])
        })
      })
    ))

  const stack = FastCheck.array(
    FastCheck.record({
      label: FastCheck.integer({ min: 0, max: 0xfffff }),
      trafficClass: FastCheck.integer({ min: 0, max: 7 }),
      bottomOfStack: FastCheck.boolean(),
      ttl: byte
    }),
    { minLength: 1, maxLength: 10 }
  )
  it("with labels gives each field of each label", () =>
    FastCheck.assert(
      FastCheck.property(stack, (labels) => {
        const payload = new Uint8Array(4 * labels.length)
        const view = new DataView(payload.buffer)
        labels.forEach(({ bottomOfStack, label, trafficClass, ttl }, index) =>
          view.setUint32(4 * index, ((label << 12) | (trafficClass << 9) | (bottomOfStack ? 0x100 : 0) | ttl) >>> 0)
        )
        expect(IcmpExtension.decode(written([{ kind: 1, type: 1, payload }]))).toEqual([
          { kind: "mplsLabelStack", labels }
        ])
      })
    ))

  it("with one flipped bit is malformed", () =>
    FastCheck.assert(
      FastCheck.property(FastCheck.array(object, { minLength: 1, maxLength: 4 }), FastCheck.nat(), (objects, at) => {
        const bytes = written(objects)
        const bit = at % (8 * bytes.length)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        // Without a checksum nothing is verified.
        FastCheck.pre(bytes[2] !== 0 || bytes[3] !== 0)
        expect(Codec.isMalformed(IcmpExtension.decode(bytes))).toBe(true)
      })
    ))

  it("decodes any bytes as objects or as malformed, never an exception", () =>
    FastCheck.assert(
      FastCheck.property(FastCheck.uint8Array({ maxLength: 96 }), FastCheck.boolean(), (bytes, plausible) => {
        if (plausible && bytes.length >= 4) bytes.set([0x20, 0, 0, 0])
        const read = IcmpExtension.decode(bytes)
        if (Codec.isMalformed(read)) expect(read.offset).toBeLessThanOrEqual(bytes.length)
        else expect(4 * read.length).toBeLessThan(bytes.length)
      }),
      { numRuns: 2000 }
    ))
})

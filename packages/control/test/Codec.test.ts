import { Codec } from "@ancillary/control"
import { FastCheck } from "effect"
import { expect, it } from "vitest"
import { hex } from "./vectors.ts"

const anything = FastCheck.anything({ withNullPrototype: true, withBigInt: true })

/** As a program without types calls it. */
const refuse = (codec: Pick<Codec.Codec<never>, "validate">, value: unknown) => codec.validate?.(value as never)

const written = <A>(codec: Codec.Codec<A>, value: A): string => {
  const bytes = new Uint8Array(16).fill(0xff)
  const length = codec.write(new DataView(bytes.buffer, 2), 2, value)
  expect(hex(bytes.slice(0, 4)) + hex(bytes.slice(4 + length))).toMatch(/^(ff)*$/)
  return hex(bytes.slice(4, 4 + length))
}

it.each([
  ["int32", Codec.int32, -0x80000000, 0x7fffffff, 4],
  ["uint32", Codec.uint32, 0, 0xffffffff, 4],
  ["uint8", Codec.uint8, 0, 255, 1]
])("%s round-trips in little-endian order, and rejects others with its bounds", (_, codec, minimum, maximum, size) => {
  FastCheck.assert(
    FastCheck.property(
      FastCheck.oneof(FastCheck.constantFrom(minimum, maximum), FastCheck.integer({ min: minimum, max: maximum })),
      (value) => {
        expect(refuse(codec, value)).toBeUndefined()
        const view = new DataView(new ArrayBuffer(8))
        expect(codec.write(view, 3, value)).toBe(size)
        expect(codec.read(view, 3, size)).toBe(value)
        expect(written(codec, value)).toBe(hex(new Uint8Array(view.buffer, 3, size)))
      }
    )
  )
  const bounds = `is not an integer from ${minimum} to ${maximum}`
  expect(refuse(codec, minimum - 1)).toBe(`${minimum - 1} ${bounds}`)
  expect(refuse(codec, maximum + 1)).toBe(`${maximum + 1} ${bounds}`)
  for (const [value, shown] of [
    [1.5, "1.5"],
    [Number.NaN, "NaN"],
    ["1", "'1'"],
    [null, "null"],
    [1n, "1"],
    [[1], "1"]
  ])
    expect(refuse(codec, value)).toBe(`${shown} ${bounds}`)
})

it("numbers are in host order, which is little-endian on every ABI", () => {
  expect(written(Codec.int32, -2)).toBe("feffffff")
  expect(written(Codec.uint32, 0x01020304)).toBe("04030201")
  expect(written(Codec.uint8, 0xb9)).toBe("b9")
})

it("bytes reads a copy of the given length, and writes the same bytes", () => {
  const codec = Codec.bytes({ maximum: 8 })
  const buffer = Uint8Array.of(9, 9, 1, 2, 3, 9)
  const read = codec.read(new DataView(buffer.buffer, 1), 1, 3)
  buffer.fill(0)
  expect(read).toEqual(Uint8Array.of(1, 2, 3))
  expect(written(codec, Uint8Array.of(1, 2, 3))).toBe("010203")
  expect(written(codec, new Uint8Array(0))).toBe("")
})

it("bytes rejects values that are too long, too short or not bytes", () => {
  const codec = Codec.bytes({ minimum: 2, maximum: 4 })
  for (const length of [2, 3, 4]) expect(refuse(codec, new Uint8Array(length))).toBeUndefined()
  expect(refuse(codec, new Uint8Array(5))).toBe("5 bytes are more than the 4 that were declared")
  expect(refuse(codec, new Uint8Array(1))).toBe("1 bytes are less than the 2 that were declared")
  expect(refuse(Codec.bytes({ maximum: 4 }), new Uint8Array(0))).toBeUndefined()
  for (const [value, shown] of [
    ["abc", "'abc'"],
    [null, "null"],
    [undefined, "undefined"],
    [[1, 2, 3], "1,2,3"],
    [{ length: 3 }, "[object Object]"]
  ] satisfies ReadonlyArray<readonly [unknown, string]>)
    expect(refuse(codec, value)).toBe(`${shown} is not a Uint8Array`)
})

it("transform reads, writes, rejects and reports offsets through another codec", () => {
  const even = Codec.transform<number, number>(Codec.uint8, {
    read: (value) => (value % 2 === 0 ? value / 2 : { malformed: `${value} is odd` }),
    write: (value) => value * 2
  })
  const view = new DataView(Uint8Array.of(0, 8, 9).buffer)
  expect(even.size).toBe(1)
  expect(even.read(view, 1, 1)).toBe(4)
  expect(even.read(view, 2, 1)).toEqual({ malformed: "9 is odd", offset: 2 })
  expect(written(even, 4)).toBe("08")
  expect(refuse(even, 127)).toBeUndefined()
  expect(refuse(even, 128)).toBe("256 is not an integer from 0 to 255")

  const outer = Codec.transform<number, string>(even, {
    read: (value) => String(value),
    write: Number,
    validate: (value) => (value === "no" ? "no" : undefined)
  })
  expect(outer.read(view, 2, 1)).toEqual({ malformed: "9 is odd", offset: 2 })
  expect(outer.read(view, 1, 1)).toBe("4")
  expect([refuse(outer, "no"), refuse(outer, "200"), refuse(outer, "4")]).toEqual([
    "no",
    "400 is not an integer from 0 to 255",
    undefined
  ])
})

it("isInteger is true only for integers within the bounds", () => {
  expect([0, 1, 255].every((value) => Codec.isInteger(value, 0, 255))).toBe(true)
  for (const value of [-1, 256, 0.5, Number.NaN, Infinity, "1", 1n, null, undefined, [1], new Number(1)])
    expect(Codec.isInteger(value, 0, 255), String(value)).toBe(false)
})

it("any value can be formatted and rejected without an exception", () => {
  expect([Codec.format("x"), Codec.format(1n), Codec.format(Symbol("x"))]).toEqual(["'x'", "1", "Symbol(x)"])
  const unspeakable = {
    toString: () => {
      throw new Error("no")
    }
  }
  FastCheck.assert(
    FastCheck.property(FastCheck.oneof(anything, FastCheck.constant(unspeakable)), (value) => {
      expect(typeof Codec.format(value)).toBe("string")
      for (const codec of [Codec.int32, Codec.uint32, Codec.uint8, Codec.bytes({ maximum: 4 })])
        expect(["string", "undefined"]).toContain(typeof refuse(codec, value))
    }),
    { numRuns: 1000 }
  )
})

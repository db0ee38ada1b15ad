import { inspect } from "node:util"
import { InternetEndpoint, Ipv4Address, Ipv6Address, UnixEndpoint } from "@ancillary/control"
import { Equal, FastCheck, Hash, HashMap, HashSet } from "effect"
import { describe, expect, it } from "vitest"
import type { ValueObject } from "../src/ValueObject.ts"
import { internetEndpoint, ipv4, ipv6, mapped, unixEndpoint } from "./arbitraries.ts"

const values: FastCheck.Arbitrary<ValueObject> = FastCheck.oneof(ipv4, ipv6, mapped, internetEndpoint, unixEndpoint)

/** Makes an equal value. */
const again = (value: ValueObject): ValueObject => {
  if (value instanceof Ipv4Address) return new Ipv4Address(value.value)
  if (value instanceof Ipv6Address) return new Ipv6Address(value.a, value.b, value.c, value.d, value.zone)
  if (value instanceof UnixEndpoint) return new UnixEndpoint(value.path)
  const { address, family, port } = value as InternetEndpoint<"ipv4">
  return new InternetEndpoint(family, again(address) as Ipv4Address, port)
}

/** Effect 4.0's `Equal.ts` and `Hash.ts` find the methods by these keys. */
const equal4 = (a: ValueObject, b: unknown): boolean => a["~effect/Equal"](b)
const hash4 = (a: ValueObject): number => a["~effect/Hash"]()

/** Pairs that differ in one thing only. */
const different: ReadonlyArray<readonly [ValueObject, ValueObject]> = [
  [Ipv4Address.of(192, 0, 2, 1), Ipv4Address.of(192, 0, 2, 2)],
  [new Ipv4Address(0), Ipv6Address.unspecified],
  [Ipv4Address.of(192, 0, 2, 1), Ipv6Address.fromIpv4(Ipv4Address.of(192, 0, 2, 1))],
  [new Ipv6Address(1, 0, 0, 0), new Ipv6Address(0, 1, 0, 0)],
  [new Ipv6Address(0, 0, 1, 0), new Ipv6Address(0, 0, 0, 1)],
  [new Ipv6Address(0xfe800000, 0, 0, 1, 1), new Ipv6Address(0xfe800000, 0, 0, 1, 2)],
  [new Ipv6Address(0xfe800000, 0, 0, 1), new Ipv6Address(0xfe800000, 0, 0, 1, 1)],
  [new InternetEndpoint("ipv4", Ipv4Address.loopback, 53), new InternetEndpoint("ipv4", Ipv4Address.loopback, 54)],
  [new InternetEndpoint("ipv4", Ipv4Address.loopback, 53), new InternetEndpoint("ipv4", Ipv4Address.unspecified, 53)],
  [
    new InternetEndpoint("ipv4", Ipv4Address.unspecified, 53),
    new InternetEndpoint("ipv6", Ipv6Address.unspecified, 53)
  ],
  [new InternetEndpoint("ipv4", Ipv4Address.unspecified, 0), Ipv4Address.unspecified],
  [new UnixEndpoint("/run/a"), new UnixEndpoint("/run/b")],
  [new UnixEndpoint("x"), new UnixEndpoint("\0x")],
  [new UnixEndpoint(undefined), new UnixEndpoint("unnamed")],
  [new UnixEndpoint("127.0.0.1:53"), new InternetEndpoint("ipv4", Ipv4Address.loopback, 53)]
]

describe("addresses and endpoints", () => {
  it("are equal with one hash if their fields are equal, in Effect 3 and 4", () => {
    FastCheck.assert(
      FastCheck.property(values, (a) => {
        const b = again(a)
        expect(b).not.toBe(a)
        expect([a.equals(b), Equal.equals(a, b), equal4(a, b)]).toEqual([true, true, true])
        expect([Hash.hash(a), hash4(a), hash4(b), b.hash()]).toEqual(Array(4).fill(a.hash()))
        expect(Number.isInteger(a.hash()) && a.hash() === (a.hash() | 0)).toBe(true)
      })
    )
  })

  it.each(different.map(([a, b]) => [a.constructor.name, String(a), b.constructor.name, String(b), a, b] as const))(
    "%s %s and %s %s differ, both ways",
    (_a, _textA, _b, _textB, a, b) => {
      expect([a.equals(b), b.equals(a), equal4(a, b), equal4(b, a)]).toEqual(Array(4).fill(false))
      expect([Equal.equals(a, b), Equal.equals(b, a)]).toEqual([false, false])
    }
  )

  it("do not equal other values", () => {
    FastCheck.assert(
      FastCheck.property(values, FastCheck.anything(), (value, other) => {
        expect([value.equals(other), Equal.equals(value, other), equal4(value, other)]).toEqual([false, false, false])
        expect(value.equals(String(value)) || value.equals(Object.assign({}, value))).toBe(false)
      })
    )
  })

  it("are keys of Effect's HashMap and members of its HashSet", () => {
    const peers = HashMap.make(
      [new InternetEndpoint("ipv6", new Ipv6Address(0xfe800000, 0, 0, 1, 2), 53), "a"],
      [new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, 1), 53), "b"]
    )
    const found = HashMap.get(peers, new InternetEndpoint("ipv6", new Ipv6Address(0xfe800000, 0, 0, 1, 2), 53))
    expect(found).toMatchObject({ _tag: "Some", value: "a" })
    expect(HashMap.has(peers, new InternetEndpoint("ipv4", Ipv4Address.of(192, 0, 2, 1), 54))).toBe(false)
    expect(HashSet.size(HashSet.make(Ipv4Address.loopback, Ipv4Address.of(127, 0, 0, 1), Ipv6Address.loopback))).toBe(2)
  })

  it("are spread over the buckets of a table even if they are neighbours", () => {
    const buckets = (hashes: ReadonlyArray<number>) => new Set(hashes.map((hash) => hash & 0xff)).size
    const numbers = Array.from({ length: 1024 }, (_, i) => i)
    expect(buckets(numbers.map((i) => new Ipv4Address(0x0a000000 + i).hash()))).toBeGreaterThan(200)
    expect(buckets(numbers.map((i) => new Ipv4Address(0x0a000000 + i * 256).hash()))).toBeGreaterThan(200)
    expect(buckets(numbers.map((i) => new Ipv6Address(0x20010db8, i, 0, 1).hash()))).toBeGreaterThan(200)
    const ports = numbers.map((i) => new InternetEndpoint("ipv4", Ipv4Address.loopback, 1024 + i).hash())
    expect(buckets(ports)).toBeGreaterThan(200)
  })

  it("are printed as their text in JSON and in the console", () => {
    FastCheck.assert(
      FastCheck.property(values, (value) => {
        expect(JSON.parse(JSON.stringify({ value }))).toEqual({
          value: JSON.parse(JSON.stringify(String(value))) as string
        })
        expect(inspect(value)).toBe(String(value))
      })
    )
  })
})

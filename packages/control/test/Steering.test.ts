import { Ipv4Address, Ipv6Address, Steering } from "@ancillary/control"
import { describe, expect, it } from "vitest"
import { abiNamed, hex, vectors } from "./vectors.ts"

/** `connectionId 4 0 1`: key, number of sockets, offset, length. */
const steeringOf = (name: string): Steering.Steering => {
  const [key = "", sockets, offset, length] = name.split(" ")
  return (
    key === "source"
      ? { key, sockets: Number(sockets) }
      : { key, sockets: +(sockets ?? 0), offset: +(offset ?? 0), length: +(length ?? 0) }
  ) as Steering.Steering
}
const withHeaders = vectors.flatMap(({ abi, steering }) => (steering === undefined ? [] : [{ abi, steering }]))

it("the kernel's headers made programs for 32 and 64 bits", () => {
  expect(withHeaders.map(({ abi }) => abi)).toEqual(["linux-glibc-32", "linux-glibc-64"])
})

describe.each(withHeaders)("$abi", ({ abi, steering }) => {
  it.each(steering.filter(({ name }) => name !== "sock_fprog"))("equals the program of C: $name", ({ bytes, name }) => {
    expect(Steering.validate(steeringOf(name))).toBeUndefined()
    expect(hex(Steering.write(steeringOf(name)))).toBe(bytes)
  })
  it("points to a program as C does", () => {
    const program = Steering.write({ key: "source", sockets: 4 })
    const expected = steering.find(({ name }) => name === "sock_fprog")?.bytes
    expect(hex(Steering.writePointer(abiNamed(abi), program, 0x1020304))).toBe(expected)
  })
})

it("no program is larger than the maximum", () => {
  const sizes = ["payload 7 8 4", "connectionId 4 0 1", "source 4"].map(
    (name) => Steering.write(steeringOf(name)).length
  )
  expect(Math.max(...sizes)).toBe(Steering.maximumBytes)
})

it("the index is the key modulo the sockets, and absent without a key", () => {
  const word = { sockets: 5, key: "payload", offset: 1, length: 4 } as const
  expect(Steering.indexOf(word, Uint8Array.of(9, 0xff, 0xff, 0xff, 0xfe))).toBe(0xfffffffe % 5)
  expect(Steering.indexOf(word, Uint8Array.of(9, 1, 2, 3))).toBeUndefined()
  const id = { sockets: 4, key: "connectionId", offset: 1, length: 1 } as const
  expect(Steering.indexOf(id, Uint8Array.of(0x40, 0, 7))).toBe(3)
  expect(Steering.indexOf(id, Uint8Array.of(0xc0, 0, 0, 0, 1, 2, 0, 6))).toBe(2)
  // The ID has one byte, so the second one belongs to another field.
  expect(Steering.indexOf(id, Uint8Array.of(0xc0, 0, 0, 0, 1, 1, 0, 6))).toBeUndefined()
  expect(Steering.indexOf(id, new Uint8Array(0))).toBeUndefined()
  const source = { sockets: 7, key: "source" } as const
  expect(Steering.indexOf(source, new Uint8Array(0), Ipv4Address.of(192, 0, 2, 1))).toBe(0xc0000201 % 7)
  const six = new Ipv6Address(0xfe800000, 1, 0x80000000, 3)
  expect(Steering.indexOf(source, new Uint8Array(0), six)).toBe(0x7e800002 % 7)
  expect(Steering.indexOf(source, new Uint8Array(0))).toBeUndefined()
})

it.each<readonly [unknown, string]>([
  [undefined, "undefined is not a key: give { sockets, key }"],
  [{ key: "source" }, "undefined is not a number of sockets: an integer from 1 to 65535"],
  [{ key: "source", sockets: 65_536 }, "65536 is not a number of sockets: an integer from 1 to 65535"],
  [{ key: "peer", sockets: 2 }, `'peer' is not a key: "payload", "connectionId" or "source"`],
  [{ key: "payload", sockets: 2, offset: 0, length: 3 }, "3 is not the length of a key: 1, 2 or 4 bytes"],
  [{ key: "payload", sockets: 2, offset: -1, length: 1 }, "-1 is not an offset: an integer from 0 to 65535"],
  [{ key: "connectionId", sockets: 2, offset: 252, length: 4 }, "252 is not an offset: an integer from 0 to 251"]
])("an invalid key has a reason: %j", (value, why) => {
  expect(Steering.validate(value)).toBe(why)
})

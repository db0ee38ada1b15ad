import { Codec, IcmpEcho } from "@ancillary/control"
import { expect, it } from "@effect/vitest"
import { FastCheck } from "effect"
import { fromHex, hex } from "./vectors.ts"

const families = ["ipv4", "ipv6"] as const
const encoded = (family: "ipv4" | "ipv6", echo: IcmpEcho.EchoToSend): Uint8Array => {
  const bytes = IcmpEcho.encode(family, echo)
  if (Codec.isMalformed(bytes)) throw new Error(bytes.malformed)
  return bytes
}
const payload = fromHex("7061796c6f6164")

// A ping socket got these replies from Linux (identifier 0x4321, sequence 7, data "payload"). Each request differs from its reply only by type
// and checksum.
it.each([
  ["ipv4", "reply", "0000ffa743210007", "what the kernel answered on 127.0.0.1"],
  ["ipv4", "request", "0800f7a743210007", "by RFC 1071"],
  ["ipv6", "reply", "8100000043210007", "what the kernel answered on ::1, its checksum aside"],
  ["ipv6", "request", "8000000043210007", "without the checksum, which is the kernel's"]
] as const)("%s: an echo %s is %s and its data: %s", (...[family, kind, header]) => {
  const echo = { kind, identifier: 0x4321, sequence: 7, data: payload }
  const bytes = encoded(family, echo)
  expect(hex(bytes)).toBe(header + hex(payload))
  expect(IcmpEcho.decode(family, bytes)).toEqual(echo)
})

it("an echo without data has 8 bytes, and a missing identifier is 0", () => {
  expect(hex(encoded("ipv4", { kind: "request", sequence: 0 }))).toBe("0800f7ff00000000")
  expect(hex(encoded("ipv6", { kind: "request", sequence: 0xffff }))).toBe("800000000000ffff")
})

it.each<readonly [unknown, string]>([
  [null, "null is not an echo message"],
  [{ kind: "ping", sequence: 1 }, `'ping' is neither "request" nor "reply"`],
  [{ kind: "request" }, "the sequence number undefined is not an integer from 0 to 65535"],
  [{ kind: "request", sequence: 65_536 }, "the sequence number 65536 is not an integer from 0 to 65535"],
  [{ kind: "request", sequence: 1, identifier: -1 }, "the identifier -1 is not an integer from 0 to 65535"],
  [{ kind: "request", sequence: 1, data: "x" }, "the data 'x' is not a Uint8Array"]
])("%o is not written", (echo, why) => {
  expect(IcmpEcho.encode("ipv4", echo as IcmpEcho.EchoToSend)).toEqual({ malformed: why, offset: 0 })
})

it.each<readonly ["ipv4" | "ipv6", string, string, number]>([
  ["ipv4", "", "an echo message has 8 bytes before its data, not 0", 0],
  ["ipv4", "08000000432100", "an echo message has 8 bytes before its data, not 7", 0],
  ["ipv4", "0300000000000000", "ICMP type 3 is no echo message of ipv4", 0],
  ["ipv4", "8000000000000000", "ICMP type 128 is no echo message of ipv4", 0],
  ["ipv6", "0800000000000000", "ICMP type 8 is no echo message of ipv6", 0],
  ["ipv6", "8101000000000000", "an echo message has the code 0, not 1", 1]
])("%s: %s is malformed", (family, bytes, malformed, offset) => {
  expect(IcmpEcho.decode(family, fromHex(bytes))).toEqual({ malformed, offset })
})

const word = FastCheck.integer({ min: 0, max: 0xffff })
const echoes = FastCheck.record({
  kind: FastCheck.constantFrom("request" as const, "reply" as const),
  identifier: word,
  sequence: word,
  data: FastCheck.uint8Array({ maxLength: 80 })
})
const family = FastCheck.constantFrom(...families)

it.prop(
  "an encoded echo decodes at any offset, and its IPv4 checksum is valid",
  [family, echoes],
  ([family, echo]) => {
    const bytes = encoded(family, echo)
    const inside = new Uint8Array(bytes.length + 5).fill(0xee)
    inside.set(bytes, 3)
    const read = IcmpEcho.decode(family, inside.subarray(3, 3 + bytes.length))
    inside.fill(0)
    expect(read).toEqual(echo)
    if (family === "ipv6") return
    let sum = 0
    for (const [at, byte] of bytes.entries()) sum += at % 2 === 0 ? byte * 256 : byte
    while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
    expect(sum).toBe(0xffff)
  },
  { fastCheck: { seed: 792 } }
)

it.prop(
  "any bytes are an echo message or malformed",
  [family, FastCheck.uint8Array({ maxLength: 20 })],
  ([family, bytes]) => {
    const read = IcmpEcho.decode(family, bytes)
    if (Codec.isMalformed(read)) expect(read.malformed).toMatch(/\S/)
    else expect(read.data).toEqual(bytes.slice(8))
  },
  { fastCheck: { seed: 792, numRuns: 500 } }
)

it("the largest data also have a valid checksum", () => {
  const data = new Uint8Array(65_507).fill(0xff)
  expect(encoded("ipv4", { kind: "request", sequence: 0xffff, data })).toHaveLength(65_515)
})

it.prop(
  "a reply matches a request by sequence and data, and by identifier if given",
  [echoes, word],
  ([echo, other]) => {
    const request = { ...echo, kind: "request" } as const
    const reply = { ...echo, kind: "reply" } as const
    expect(IcmpEcho.matches(request, reply)).toBe(true)
    expect(IcmpEcho.matches(reply, reply)).toBe(false)
    expect(IcmpEcho.matches(request, request)).toBe(false)
    expect(IcmpEcho.matches(request, { ...reply, sequence: other })).toBe(other === echo.sequence)
    expect(IcmpEcho.matches(request, { ...reply, identifier: other })).toBe(other === echo.identifier)
    expect(IcmpEcho.matches({ ...request, identifier: undefined }, { ...reply, identifier: other })).toBe(true)
    expect(IcmpEcho.matches(request, { ...reply, data: Uint8Array.of(...echo.data, 1) })).toBe(false)
    const [first] = echo.data
    if (first === undefined) return
    expect(IcmpEcho.matches(request, { ...reply, data: echo.data.subarray(1) })).toBe(false)
    expect(IcmpEcho.matches(request, { ...reply, data: echo.data.subarray(0, -1) })).toBe(false)
    expect(IcmpEcho.matches(request, { ...reply, data: Uint8Array.of(first ^ 1, ...echo.data.subarray(1)) })).toBe(
      false
    )
  },
  { fastCheck: { seed: 792 } }
)

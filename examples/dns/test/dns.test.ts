import { expect, it } from "vitest"
import { mutations } from "../../../packages/fuzz/src/mutate.ts"
import { answer } from "../src/answer.ts"
import { exampleZone } from "../src/zone.ts"

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"))

/** A query of dig for `ns.example.test`, with EDNS and a cookie, and one without. */
const samples = [
  hex(
    "0007 0120 0001 0000 0000 0001 026e73076578616d706c65047465737400 0001 0001 00 0029 04d0 0000 0000 000c 000a 0008 0123456789abcdef"
  ),
  hex("0007 0100 0001 0000 0000 0000 046c6f6e67076578616d706c65047465737400 0010 0001")
]

it("a query of dig is answered with its id and its question", () => {
  const [query = new Uint8Array()] = samples
  const bytes = answer(exampleZone, query)
  expect(Buffer.from(bytes?.subarray(0, 12) ?? []).toString("hex")).toBe("000785000001000100000001")
})

it.each([4, 6, 8, 10])("a count at byte %i above the bytes of the datagram is no query", (at) => {
  // The decoder would make 65,535 empty records, which takes some 50 ms for each such datagram.
  const [query = new Uint8Array()] = samples
  expect(answer(exampleZone, query.with(at, 0xff).with(at + 1, 0xff))).toBeUndefined()
})

it("of 100,000 hostile datagrams none throws, and no answer exceeds its limit", () => {
  let [answers, tooLarge] = [0, 0]
  for (const bytes of mutations(samples)) {
    const made = answer(exampleZone, bytes)
    if (made === undefined) continue
    answers++
    if (made.length > 1232) tooLarge++
  }
  expect(tooLarge).toBe(0)
  expect(answers).toBeGreaterThan(1000)
})

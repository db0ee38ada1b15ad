/** A smaller run at the servers of the examples, equal each time, and proofs that it can fail. */
import { describe, expect, it } from "vitest"
import { examples, type Target } from "../src/examples.ts"
import { firstOf } from "./firstOf.ts"

describe("hostile datagrams at the servers of the examples", () => {
  it("2,560 of them: no server stops, and the steps of each grow with its size", async () => {
    const seen = new Map<string, number>()
    expect(await firstOf(examples(seen), 40)).toBe(undefined)
    expect(seen.get("datagrams")).toBe(2560)
    for (const name of ["echo", "dns", "dhcp", "mdns"]) expect(seen.get(`${name}: answers`)).toBeGreaterThan(0)
  })

  const wrong: ReadonlyArray<readonly [string, (bytes: Uint8Array) => Uint8Array | undefined, RegExp]> = [
    [
      "throws for some bytes",
      (bytes) => {
        if (bytes.length > 40) throw new Error("too long")
        return bytes
      },
      /\d+ handlers failed/
    ],
    [
      "takes quadratic steps",
      (bytes) => {
        let sum = 0
        for (let i = 0; i < bytes.length; i++) for (let j = 0; j < bytes.length; j++) sum += bytes[j] ?? 0
        return Uint8Array.of(sum)
      },
      /\d+ steps for \d+ bytes/
    ]
  ]
  it.each(wrong)("finds an example that %s", async (_, answer, sentence) => {
    const bend = (target: Target): Target => ({ ...target, answer })
    expect((await firstOf(examples(new Map(), bend), 20))?.lines.join("\n")).toMatch(sentence)
  })
})

/** A smaller run of the part on extensions, equal each time, and proofs that it can fail. */
import { describe, expect, it } from "vitest"
import { extensions, framed } from "../src/extensions.ts"
import { firstOf } from "./firstOf.ts"

describe("extensions of ICMP messages", () => {
  it("20,000 of them are decoded by their frame, or rejected", async () => {
    const seen = new Map<string, number>()
    expect(await firstOf(extensions(seen), 20_000)).toBe(undefined)
    for (const outcome of ["objects", "malformed"]) expect(seen.get(outcome)).toBeGreaterThan(2000)
  })

  it.each<readonly [string, typeof framed]>([
    ["takes all for well-formed", (bytes) => framed(bytes) ?? []],
    ["refuses all", () => undefined],
    ["knows one object less", (bytes) => framed(bytes)?.slice(1)],
    ["cuts payloads", (bytes) => framed(bytes)?.map((each) => ({ ...each, payload: each.payload.slice(1) }))]
  ])("finds a model that %s", async (_, model) => {
    expect(await firstOf(extensions(undefined, model), 1000)).toBeDefined()
  })
})

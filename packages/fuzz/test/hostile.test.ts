/**
 * A smaller run of the hostile part, equal each time, and proofs that it can fail.
 */
import { ReceiveFlags } from "@ancillary/engine/driver/Arena"
import { describe, expect, it } from "vitest"
import { hostile } from "../src/hostile.ts"
import { expected } from "../src/model.ts"
import { firstOf } from "./firstOf.ts"

describe("hostile slots", () => {
  it("400 sockets: each slot has the outcome of its bytes, and the counters balance", async () => {
    const seen = new Map<string, number>()
    expect(await firstOf(hostile(seen), 400)).toBe(undefined)
    for (const where of process.platform === "linux" ? ["on paper", "from the kernel"] : ["on paper"])
      for (const what of ["datagram", "fault", "dropped"]) expect(seen.get(`${where}: ${what}`)).toBeGreaterThan(50)
  })

  const wrong: ReadonlyArray<readonly [string, typeof expected]> = [
    ["does not look at what was cut", (plan, slot) => expected(plan, { ...slot, flags: 0 })],
    ["takes every cut datagram", (plan, slot) => expected({ ...plan, truncation: "deliver" }, slot)],
    [
      "takes lost control data for complete",
      (plan, slot) => expected(plan, { ...slot, flags: slot.flags & ~ReceiveFlags.controlTruncated })
    ],
    ["knows one message less", (plan, slot) => expected({ ...plan, received: plan.received.slice(1) }, slot)],
    [
      "takes all for optional",
      (plan, slot) =>
        expected({ ...plan, received: plan.received.map((declaration) => ({ ...declaration, optional: true })) }, slot)
    ],
    ["is of another ABI", (plan, slot) => expected({ ...plan, abi: { ...plan.abi, cmsghdr: narrow } }, slot)],
    [
      "does not see the end of the control data",
      (plan, slot) => expected(plan, { ...slot, control: more(slot.control) })
    ]
  ]
  it.each(wrong)("contradict a model that %s", async (_, model) => {
    expect((await firstOf(hostile(new Map(), model), 100))?.lines.join("\n")).toMatch(/declared: /)
  })
})

const narrow = { size: 12, align: 4, length: { at: 0, bytes: 4 }, level: 4, type: 8 }

const more = (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])

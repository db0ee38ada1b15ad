/**
 * A smaller run of the echo, equal each time, and proofs that it can fail.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { FaultyDriver } from "@ancillary/testing"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { echo } from "../src/echo.ts"
import { firstOf } from "./firstOf.ts"

// Reports that IPv6 is missing.
hasIpv6()
const linux = requirement("the kernel's echo", process.platform === "linux", "It is Linux that it asks.")

describe.runIf(linux)("the kernel's echo", () => {
  it("200 pairs of random sockets: datagrams arrive as they were sent", async () => {
    expect(await firstOf(echo(), 200)).toBe(undefined)
  })

  const wrapped = (hooks: FaultyDriver.Hooks) =>
    Effect.map(LinuxSockets.driver(), (driver) => FaultyDriver.wrap(driver, hooks))

  const flip = (bytes: Uint8Array, at: number) => void (bytes[at] = (bytes[at] ?? 0) ^ 2)
  const wrong: ReadonlyArray<readonly [string, FaultyDriver.Hooks, RegExp]> = [
    ["a bit of a payload", { onReceived: ({ data }) => flip(data, 0) }, /were sent, or others/],
    ["another port of the sender", { onReceived: ({ address }) => flip(address, 3) }, /it came from .*, not from/],
    ["another value of a message", { onReceived: ({ control }) => flip(control, 16) }, /is .*, and .* was due/],
    ["another length of a message", { onReceived: ({ control }) => flip(control, 0) }, /instead of|declares|arrive/],
    ["a message too little", { onReceived: (slot) => void (slot.controlLength -= 24) }, /is left|are left|arrive/],
    ["a mark of truncation", { onReceived: (slot) => void (slot.flags |= 1) }, /did not fit|arrive/]
  ]
  it.each(wrong)("finds %s", async (_, hooks, sentence) => {
    const difference = await firstOf(echo(wrapped(hooks)), 50)
    expect(difference?.lines.join("\n")).toMatch(sentence)
  })
})

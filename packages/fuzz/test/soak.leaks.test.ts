/**
 * A smaller run of the soak, with equal actions each time, and proofs that it can fail. It measures the memory of its process, which has no other tests.
 */
import type { Driver } from "@ancillary/engine/driver/Driver"
import { FaultyDriver } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { hasIpv6, requirement } from "../../testing/machine.ts"
import { soak } from "../src/soak/soak.ts"
import { firstOf } from "./firstOf.ts"

hasIpv6()
const linux = requirement("the soak", process.platform === "linux", "It is Linux that it asks.")

describe.runIf(linux)("the soak", () => {
  it("1,600 random actions: each datagram arrives once, or its loss is announced", async () => {
    const tally = new Map<string, number>()
    expect(await firstOf(soak(tally), 8)).toBe(undefined)
    expect(tally.get("actions")).toBe(1600)
    for (const how of ["forEach", "forEachBorrowed", "receive", "receiveBatch", "datagrams", "serve"])
      expect([how, (tally.get(`read by ${how}`) ?? 0) > 0]).toEqual([how, true])
  })

  const over = (hooks: FaultyDriver.Hooks) =>
    soak(new Map(), { bend: (driver: Driver) => FaultyDriver.wrap(driver, hooks), shrinks: false })
  /** Sometimes, at the same places in every run. */
  const sometimes = (bend: (slot: FaultyDriver.ReceivedSlot) => void): FaultyDriver.Hooks => {
    let calls = 0
    return {
      onReceived: (slot) => {
        if (++calls % 50 === 0) bend(slot)
      }
    }
  }
  let earlier = new Uint8Array(0)
  const wrong: ReadonlyArray<readonly [string, FaultyDriver.Hooks, RegExp]> = [
    [
      "another byte of a payload",
      sometimes(({ data }) => void (data[17] = (data[17] ?? 0) ^ 2)),
      /has another byte at/
    ],
    [
      "another number of a datagram",
      sometimes(({ data }) => void (data[11] = (data[11] ?? 0) ^ 64)),
      /arrived twice|was for another socket|has another byte|not \d+/
    ],
    [
      "another value of a message",
      sometimes(({ control }) => void (control[16] = (control[16] ?? 0) ^ 2)),
      / has | lacks /
    ],
    [
      "another sender",
      sometimes(({ address }) => void (address[3] = (address[3] ?? 0) ^ 1)),
      /came from|accounts|dropped|lost/
    ],
    [
      "a datagram that comes twice",
      {
        onReceived: (slot) => {
          if (earlier.length > 16 && earlier.length <= slot.dataLength) slot.data.set(earlier)
          earlier = slot.data.slice(0, slot.dataLength)
        }
      },
      /arrived twice|was for another socket|has \d+ bytes/
    ]
  ]
  it.each(wrong)("finds %s", async (_, hooks, sentence) => {
    const difference = await firstOf(over(hooks), 20)
    expect(difference?.lines.join("\n")).toMatch(sentence)
  })
})

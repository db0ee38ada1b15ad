/** The shrinker finds the elements without which a failure goes away. */
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { burst } from "./plain.ts"

describe("shrink", () => {
  const list = Array.from({ length: 100 }, (_, i) => i)

  it("one cause, several causes, and none", () => {
    expect(Network.shrink(list, (fewer) => fewer.includes(37))).toEqual([37])
    expect(Network.shrink(list, (fewer) => [3, 50, 99].every((each) => fewer.includes(each)))).toEqual([3, 50, 99])
    expect(Network.shrink(list, () => true)).toEqual([])
    expect(Network.shrink(list, (fewer) => fewer.length === 100)).toHaveLength(100)
  })

  it("no single element of the result can be left out", () => {
    const fails = (fewer: ReadonlyArray<number>) => fewer.filter((each) => each % 7 === 0).length >= 3
    const rest = Network.shrink(list, fails)
    for (const left of rest) expect(fails(rest.filter((each) => each !== left))).toBe(false)
    expect(rest).toHaveLength(3)
  })

  it("the faults of a link without which nothing is lost", () => {
    const all: ReadonlyArray<Network.LinkFaults> = [{ delay: 1 }, { loss: 0.5 }, { duplicate: 0.5 }, { jitter: 3 }]
    const loses = (faults: ReadonlyArray<Network.LinkFaults>) => {
      const clock = Network.manualClock()
      const network = Network.make({ seed: 1, clock })
      const a = network.host("a", { addresses: ["10.0.0.1/24"] })
      const b = network.host("b", { addresses: ["10.0.0.2/24"] })
      network.link(a, b, Object.assign({}, ...faults))
      const seen = burst(
        a,
        b,
        "10.0.0.2",
        20,
        () => {},
        () => clock.advance(100)
      )
      return new Set(seen).size < 20
    }
    expect(Network.shrink(all, loses)).toEqual([{ loss: 0.5 }])
  })
})

/** Faults of links: each happens as often as it was asked for, in the direction that was asked for, and the same again with the same seed. */
import { Network } from "@ancillary/testing"
import { describe, expect, it } from "vitest"
import { burst, port } from "./plain.ts"

const sent = 2000

/** Sends datagrams with a number from `a` to `b`, and returns the numbers that arrived. */
const run = (faults: Network.LinkFaults, seed = 1, spacing = 0): ReadonlyArray<number> => {
  const clock = Network.manualClock()
  const network = Network.make({ seed, clock })
  const a = network.host("a", { addresses: ["10.0.0.1/24"] })
  const b = network.host("b", { addresses: ["10.0.0.2/24"] })
  network.link(a, b, faults)
  return burst(
    a,
    b,
    "10.0.0.2",
    sent,
    () => clock.advance(spacing),
    () => clock.advance(60_000)
  )
}

const count = (seen: ReadonlyArray<number>) => seen.length / sent

describe("faults of links", () => {
  it("without faults everything arrives once, in order", () => {
    expect(run({})).toEqual(Array.from({ length: sent }, (_, i) => i))
  })

  it("loss is as frequent as it is set, and another seed loses others", () => {
    const seen = run({ loss: 0.3 })
    expect(count(seen)).toBeGreaterThan(0.66)
    expect(count(seen)).toBeLessThan(0.74)
    expect(run({ loss: 0.3 })).toEqual(seen)
    expect(run({ loss: 0.3 }, 2)).not.toEqual(seen)
  })

  it("burst loss comes in rows of the length that it is set to", () => {
    const seen = run({ burst: { enter: 0.01, leave: 0.1 } })
    const gaps = seen.map((number, i) => number - (seen[i - 1] ?? -1) - 1).filter((gap) => gap > 0)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    expect(gaps.length).toBeGreaterThan(5)
    expect(mean).toBeGreaterThan(5)
    expect(mean).toBeLessThan(20)
  })

  it("duplicates arrive twice", () => {
    const seen = run({ duplicate: 0.1 })
    expect(new Set(seen).size).toBe(sent)
    expect(count(seen)).toBeGreaterThan(1.07)
    expect(count(seen)).toBeLessThan(1.13)
  })

  it("jitter keeps the order, and reordering does not", () => {
    const sorted = Array.from({ length: sent }, (_, i) => i)
    expect(run({ delay: 5, jitter: 20 }, 1, 1)).toEqual(sorted)
    const seen = run({ reorder: { probability: 0.1, delay: 5 } }, 1, 1)
    expect(seen).not.toEqual(sorted)
    expect(seen.toSorted((a, b) => a - b)).toEqual(sorted)
  })

  it("corruption is found by the checksum, or not if it is undetected", () => {
    const seen = run({ corrupt: 0.25 })
    expect(count(seen)).toBeGreaterThan(0.71)
    expect(count(seen)).toBeLessThan(0.79)
    const undetected = run({ corrupt: 0.25, undetected: true })
    expect(undetected).toHaveLength(sent)
    expect(undetected.filter((number, i) => number !== i).length).toBeGreaterThan(sent / 5)
  })

  it("bandwidth spaces datagrams, and a full queue drops", () => {
    const clock = Network.manualClock()
    const network = Network.make({ clock })
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    // A datagram of 4 bytes is a packet of 32 bytes: 256 ms.
    network.link(a, b, { bandwidth: 1000, queue: 10 })
    const seen = burst(
      a,
      b,
      "10.0.0.2",
      20,
      () => {},
      () => clock.advance(10_000)
    )
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const arrivals = network.trace.filter(({ kind }) => kind === "arrive").map(({ time }) => time / 1_000_000n)
    expect(arrivals).toEqual(Array.from({ length: 10 }, (_, i) => BigInt(256 * (i + 1))))
  })

  it("a partition of one way lets the other through, until it is lifted", () => {
    const network = Network.make()
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    const link = network.link(a, b)
    link.change({ loss: 1 }, a)
    expect(burst(a, b, "10.0.0.2", 3)).toEqual([])
    expect(burst(b, a, "10.0.0.1", 3)).toEqual([0, 1, 2])
    link.change({ loss: 0 }, a)
    expect(burst(a, b, "10.0.0.2", 3)).toEqual([0, 1, 2])
    link.down()
    expect(burst(b, a, "10.0.0.1", 3)).toEqual([])
    link.up()
    expect(burst(b, a, "10.0.0.1", 3)).toEqual([0, 1, 2])
  })

  it("a partition of one pair on a network of three lets the others through", () => {
    const network = Network.make()
    const [a, b, c] = ["10.0.0.1/24", "10.0.0.2/24", "10.0.0.3/24"].map((address) =>
      network.host(address, { addresses: [address] })
    ) as [Network.Host, Network.Host, Network.Host]
    const link = network.link(a, b, c)
    link.change({ loss: 1 }, a, b)
    const reached = () => [burst(a, b, "10.0.0.2", 1), burst(a, c, "10.0.0.3", 1), burst(b, a, "10.0.0.1", 1)]
    expect(reached()).toEqual([[], [0], [0]])
    link.change({ loss: 0 }, a, b)
    expect(reached()).toEqual([[0], [0], [0]])
    expect(() => link.change({ bandwidth: 1000 }, a, b)).toThrow("bandwidth: all receivers share it.")
  })

  it("a link that goes down and up loses the packets under way and its queue", () => {
    const clock = Network.manualClock()
    const network = Network.make({ clock })
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    const link = network.link(a, b, { delay: 50 })
    const flap = () => {
      clock.advance(10)
      link.down()
      link.up()
      clock.advance(100)
    }
    expect(burst(a, b, "10.0.0.2", 3, () => {}, flap)).toEqual([])
    // A datagram of 4 bytes is a packet of 32 bytes: 256 ms. The fifth would leave after 1,280 ms.
    link.change({ delay: 0, bandwidth: 1000 })
    expect(burst(a, b, "10.0.0.2", 5, () => {}, flap)).toEqual([])
    const waited = () => clock.advance(256)
    expect(burst(a, b, "10.0.0.2", 1, () => {}, waited)).toEqual([0])
  })

  it("a fault that is not possible is refused", () => {
    const network = Network.make()
    const a = network.host("a", { addresses: ["10.0.0.1/24"] })
    const b = network.host("b", { addresses: ["10.0.0.2/24"] })
    expect(() => network.link(a, b, { loss: 30 })).toThrow("loss: 30 is not a probability from 0 to 1.")
    expect(() => network.link(a, b, { delay: Number.NaN })).toThrow("delay: NaN is not a number from 0.")
    expect(() => network.link(a)).toThrow("A link has two ends or more.")
    network.link(a, b)
    expect(() => network.link(a, b)).toThrow("a has no interface without a link")
    void port
  })
})

import { expect, it } from "vitest"
import { alternatePairs } from "../src/against.ts"
import { spread } from "../src/rounds.ts"
import { ratios } from "../src/table.ts"
import { time, type Workload } from "../src/workload.ts"
import { Effect } from "effect"

/** A candidate that notes when its round is done, and returns a value. */
const noting = (order: Array<string>, checkout: string, name: string, value: number) => ({
  name,
  round: async () => {
    order.push(`${checkout}${name}`)
    return [value]
  }
})

const workload: Workload = {
  name: "w",
  title: "W",
  readings: [time("a datagram")],
  candidates: () => Effect.succeed([])
}

it("two checkouts run each round one after the other, and alternate the first", async () => {
  const order: Array<string> = []
  const here = [noting(order, "<", "a", 1), noting(order, "<", "b", 2)]
  const there = [noting(order, ">", "a", 4), noting(order, ">", "b", 4)]
  const [a, b] = await alternatePairs(here, there, { ...workload, warm: false }, 2)
  expect(order).toEqual(["<a", ">a", "<b", ">b", ">a", "<a", ">b", "<b"])
  expect(a?.map((series) => spread(series).median)).toEqual([1, 4])
  expect(b?.map((series) => spread(series).median)).toEqual([2, 4])
})

it("a first round of two checkouts is not counted if the workload is warmed", async () => {
  const order: Array<string> = []
  const once = () => () => false
  const pairs = await alternatePairs([noting(order, "<", "a", 1)], [noting(order, ">", "a", 1)], workload, 1, once)
  expect(order).toEqual(["<a", ">a", "<a", ">a"])
  expect(pairs[0]?.[0].rounds).toEqual([[1]])
})

it("a candidate that only one checkout has is left out", async () => {
  expect(await alternatePairs([noting([], "<", "a", 1)], [noting([], ">", "b", 1)], workload, 1)).toEqual([])
})

it("the table of two checkouts has each reading's ratio", () => {
  const one = { name: "a", rounds: [[2000], [6000]] }
  const other = { name: "a", rounds: [[4000], [8000]] }
  expect(
    ratios(workload, [[one, other]])
      .split("\n")
      .at(-1)
  ).toBe("| a   | a datagram | 4.00 µs       | 6.00 µs   | 0.63 (0.50 to 0.75)    |")
})

it("the ratio of a reading that is 0 in both checkouts is a dash", () => {
  const none = { name: "a", rounds: [[0], [0]] }
  expect(ratios(workload, [[none, none]])).toMatch(/\| -  +\|$/)
})

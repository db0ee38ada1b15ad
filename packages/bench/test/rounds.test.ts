import { expect, it } from "vitest"
import { judge } from "../src/figures.ts"
import { alternate, type Candidate, ratio, spread } from "../src/rounds.ts"

/** Candidates that record the order of their rounds, and return the next of some values. */
const told = (answers: { readonly [name: string]: ReadonlyArray<number> }) => {
  const order: Array<string> = []
  const candidates = Object.entries(answers).map(([name, values]): Candidate => {
    let at = 0
    return {
      name,
      round: async () => {
        order.push(name)
        return [values[at++ % values.length] ?? Number.NaN]
      }
    }
  })
  return { candidates, order }
}

/** Warms each candidate with so many rounds. */
const warmed = (rounds: number) => () => {
  let left = rounds
  return () => --left > 0
}

it("rounds: every candidate once, in a rotating order, after one that is not counted", async () => {
  const { candidates, order } = told({ a: [1], b: [2], c: [3] })
  const series = await alternate(candidates, { rounds: 3, warming: warmed(1) }, () => undefined)
  expect(order.join("")).toBe("abcabcbcacab")
  expect(series.map(({ name, rounds }) => [name, rounds.length])).toEqual([
    ["a", 3],
    ["b", 3],
    ["c", 3]
  ])
})

it("each candidate is warmed for as long as it takes, before any is measured", async () => {
  const { candidates, order } = told({ a: [1, 2, 3, 4], b: [5] })
  const series = await alternate(candidates, { rounds: 1, warming: warmed(3) }, () => undefined)
  expect(order.join("")).toBe("aaabbbab")
  expect(series.map(({ rounds }) => rounds)).toEqual([[[4]], [[5]]])
})

it("a ratio is of one round: a delay of both in a round does not change it", async () => {
  const { candidates } = told({ ours: [2, 200, 4], theirs: [4, 400, 8] })
  const [ours, theirs] = await alternate(candidates, { rounds: 3, warming: undefined }, () => undefined)
  if (ours === undefined || theirs === undefined) throw new Error("two series")
  expect(ratio(ours, theirs)).toEqual({ median: 0.5, lowest: 0.5, highest: 0.5 })
  expect(spread(ours)).toEqual({ median: 4, lowest: 2, highest: 200 })
})

it("a median of an even number of rounds is between the middle two", () => {
  expect(spread({ name: "x", rounds: [[4], [1], [3], [2]] }).median).toBe(2.5)
})

it("a figure is reached up to its limit, and undefined without its peer", () => {
  const figure = { what: "x", workload: "w", candidate: "ours", against: "theirs", most: 0.5 }
  const ours = { name: "ours", rounds: [[1], [2]] }
  expect(judge(figure, [ours, { name: "theirs", rounds: [[2], [4]] }]).reached).toBe(true)
  expect(judge(figure, [ours, { name: "theirs", rounds: [[1.9], [3.9]] }]).reached).toBe(false)
  expect(judge(figure, [ours]).reached).toBeUndefined()
})

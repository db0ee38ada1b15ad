/**
 * Memory over five million datagrams, each way of reading in a process of its own: the memory after each tenth of them, and its growth.
 */
import { Effect } from "effect"
import { forked } from "../forked.ts"
import type { Candidate } from "../rounds.ts"
import { bytesOf, type Workload } from "../workload.ts"
import type { reads } from "./drain.ts"

const all = 5_000_000

/** The slope of the best-fitting line through values at distance one. */
const slope = (values: ReadonlyArray<number>): number => {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const [up, along] = values.reduce(
    ([up, along], value, i) => [up + (i - middle) * (value - mean), along + (i - middle) ** 2],
    [0, 0]
  )
  return up / along
}

const measured = (name: keyof typeof reads, datagrams: number): Candidate => ({
  name,
  round: async () => {
    const samples = await forked("memoryProcess", name, datagrams)
    return [0, 1].flatMap((which) => {
      const values = samples.filter((_, i) => i % 2 === which)
      // The first tenth of the datagrams compiles code and allocates memory that later ones share.
      const rest = values.slice(1)
      return [
        (slope(rest) * 1_000_000 * values.length) / datagrams,
        values[0] ?? Number.NaN,
        values.at(-1) ?? Number.NaN
      ]
    })
  }
})

export const memory: Workload = {
  name: "memory",
  title: "Memory over 5,000,000 datagrams, 100 bytes",
  readings: [
    bytesOf("growth of what is alive, a million datagrams"),
    bytesOf("after 500,000"),
    bytesOf("after 5,000,000"),
    bytesOf("growth of what is resident"),
    bytesOf("after 500,000"),
    bytesOf("after 5,000,000")
  ],
  rounds: 1,
  warm: false,
  candidates: ({ times }) =>
    Effect.succeed((["forEach", "receiveBatch", "forEachBorrowed"] as const).map((name) => measured(name, times(all))))
}

/**
 * The prices of this machine: an empty system call and a fresh page. They stand beside the tables, because dear calls flatter batches and dear pages
 * punish fresh memory.
 */
import { loadavg } from "node:os"
import { Effect, type Scope } from "effect"
import type { Peers } from "./peers.ts"
import { median } from "./rounds.ts"

/** In nanoseconds; undefined without a C compiler. The load is the average number of running programs in the last minute. */
export interface Prices {
  readonly call: number | undefined
  readonly page: number | undefined
  readonly load: number
}

const readings = 7

export const prices = ({ c }: Peers): Effect.Effect<Prices, never, Scope.Scope> =>
  Effect.flatMap(c("prices", "prices"), ([program]) =>
    Effect.promise(async () => {
      const rounds: Array<ReadonlyArray<number>> = []
      for (let i = 0; i < readings && program !== undefined; i++) rounds.push(await program.round())
      const [call, page] = [0, 1].map((reading) =>
        rounds.length === 0
          ? undefined
          : median(rounds.map((round) => round[reading] ?? Number.NaN).toSorted((a, b) => a - b))
      )
      return { call, page, load: loadavg()[0] ?? Number.NaN }
    })
  )

/** A sentence. */
export const shownPrices = ({ call, load, page }: Prices): string => {
  const busy = `The load average is ${load.toFixed(1)}.`
  if (call === undefined || page === undefined) return busy
  return `An empty system call takes ${call.toFixed(0)} ns, and the first write to a page ${page.toFixed(0)} ns. ${busy}`
}

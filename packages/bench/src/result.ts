/**
 * The results of a run, as they are kept in `docs/performance.json`.
 */
import { cpus, release } from "node:os"
import type { Prices } from "./prices.ts"
import type { Series } from "./rounds.ts"
import type { Workload } from "./workload.ts"

export interface Measured {
  readonly workload: Pick<Workload, "name" | "title" | "readings">
  readonly series: ReadonlyArray<Series>
}

export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly system: string
  readonly node: string
  readonly prices: Prices
}

export interface Run {
  readonly machine: Machine
  readonly measured: ReadonlyArray<Measured>
}

export const machine = (prices: Prices): Machine => {
  const all = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: all[0]?.model ?? "a processor without a name",
    cores: all.length,
    system: `Linux ${release()}`,
    node: process.version,
    prices
  }
}

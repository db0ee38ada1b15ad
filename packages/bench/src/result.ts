/**
 * What a run found, as it is kept in `docs/performance.json`.
 */
import { cpus, release } from "node:os"
import type { Series } from "./rounds.ts"
import type { Workload } from "./workload.ts"

export interface Measured {
  readonly workload: Pick<Workload, "name" | "title" | "readings" | "unit">
  readonly series: ReadonlyArray<Series>
}

export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly system: string
  readonly node: string
}

export interface Run {
  readonly machine: Machine
  readonly measured: ReadonlyArray<Measured>
}

export const machine = (): Machine => {
  const all = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: all[0]?.model ?? "a processor without a name",
    cores: all.length,
    system: `Linux ${release()}`,
    node: process.version
  }
}

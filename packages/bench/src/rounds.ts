/**
 * Runs candidates in turn, in rounds with a rotating order. The machine affects all alike, so the ratios of one round hold even if absolute
 * times do not.
 */

import { wall } from "./clock.ts"

/** Does the work once, and returns the readings of the workload in their order. */
export interface Candidate {
  readonly name: string
  readonly round: () => Promise<ReadonlyArray<number>>
}

/** The readings of a candidate in each round. */
export interface Series {
  readonly name: string
  readonly rounds: ReadonlyArray<ReadonlyArray<number>>
}

/** The spread over the rounds. */
export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** Begins to warm a candidate. The returned function is called after each round, and returns whether there is another one. */
export type Warming = () => () => boolean

/** Milliseconds for which each candidate runs before it is measured. The first round may take longer. */
const warmth = 500

/**
 * Rounds that are not counted, because memory is not allocated yet and V8 has not compiled the code, while the programs in C are compiled. A
 * short round calls a function some hundred times, and V8 compiles it after several hundred.
 */
export const untilCompiled: Warming = () => {
  const end = wall() + warmth * 1e6
  return () => wall() < end
}

/** Runs the rounds of a candidate that are not counted. */
export const warmUp = async ({ round }: Candidate, warming: Warming): Promise<void> => {
  const goesOn = warming()
  do await round()
  while (goesOn())
}

/** Runs the candidates in turn. With `warming` each is warmed first. */
export const alternate = async (
  candidates: ReadonlyArray<Candidate>,
  { rounds, warming }: { readonly rounds: number; readonly warming: Warming | undefined },
  progress: (round: number) => void
): Promise<ReadonlyArray<Series>> => {
  if (warming !== undefined) for (const candidate of candidates) await warmUp(candidate, warming)
  const series = candidates.map(({ name }) => ({ name, rounds: new Array<ReadonlyArray<number>>() }))
  for (let round = 0; round < rounds; round++) {
    progress(round)
    for (let i = 0; i < candidates.length; i++) {
      const at = (i + round) % candidates.length
      const candidate = candidates[at]
      if (candidate !== undefined) series[at]?.rounds.push(await candidate.round())
    }
  }
  return series
}

/** The spread of one reading. */
export const spread = ({ rounds }: Series, reading = 0): Spread =>
  spreadOf(rounds.map((each) => each[reading] ?? Number.NaN))

/** The ratio of one reading to that of another candidate in the same round. */
export const ratio = (one: Series, other: Series, reading = 0): Spread =>
  spreadOf(
    one.rounds.map((each, round) => (each[reading] ?? Number.NaN) / (other.rounds[round]?.[reading] ?? Number.NaN))
  )

const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: median(sorted), lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN }
}

/** The median of sorted values. */
export const median = (sorted: ReadonlyArray<number>): number => {
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

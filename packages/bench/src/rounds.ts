/**
 * Candidates in turn, round after round, in an order that rotates: what the machine does to one it does to all, so the ratios of one round hold
 * where absolute times do not.
 */

/** Does the work once, and answers what the workload's readings say of it, in their order. */
export interface Candidate {
  readonly name: string
  readonly round: () => Promise<ReadonlyArray<number>>
}

/** What a candidate read in each round. */
export interface Series {
  readonly name: string
  readonly rounds: ReadonlyArray<ReadonlyArray<number>>
}

/** Over the rounds. */
export interface Spread {
  readonly median: number
  readonly lowest: number
  readonly highest: number
}

/** Warm: a first round of each is not counted, when its code is not compiled yet and its memory not there. */
export const alternate = async (
  candidates: ReadonlyArray<Candidate>,
  { rounds, warm }: { readonly rounds: number; readonly warm: boolean },
  progress: (round: number) => void
): Promise<ReadonlyArray<Series>> => {
  if (warm) for (const { round } of candidates) await round()
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

/** Of one reading. */
export const spread = ({ rounds }: Series, reading = 0): Spread =>
  spreadOf(rounds.map((each) => each[reading] ?? Number.NaN))

/** Of one reading, against another candidate in the same round. */
export const ratio = (one: Series, other: Series, reading = 0): Spread =>
  spreadOf(
    one.rounds.map((each, round) => (each[reading] ?? Number.NaN) / (other.rounds[round]?.[reading] ?? Number.NaN))
  )

const spreadOf = (values: ReadonlyArray<number>): Spread => {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: median(sorted), lowest: sorted[0] ?? Number.NaN, highest: sorted.at(-1) ?? Number.NaN }
}

/** Of values in order. */
export const median = (sorted: ReadonlyArray<number>): number => {
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

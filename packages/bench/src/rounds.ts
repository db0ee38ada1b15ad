/**
 * Candidates in turn, round after round, in an order that rotates: what the machine does to one it does to all, so the ratios of one round hold
 * where absolute times do not.
 */

/** Runs the workload once and answers the nanoseconds that each datagram took. */
export interface Candidate {
  readonly name: string
  readonly round: () => Promise<number>
}

export interface Result {
  readonly name: string
  /** Nanoseconds a datagram, the median over the rounds. */
  readonly nanoseconds: number
  /** To the first candidate in the same round: the median, the lowest and the highest. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number }
}

export const alternate = async (
  candidates: ReadonlyArray<Candidate>,
  rounds: number
): Promise<ReadonlyArray<Result>> => {
  for (const { round } of candidates) await round()
  const times = candidates.map((): Array<number> => [])
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < candidates.length; i++) {
      const at = (i + round) % candidates.length
      const candidate = candidates[at]
      if (candidate !== undefined) times[at]?.push(await candidate.round())
    }
  }
  return candidates.map(({ name }, at) => {
    const own = times[at] ?? []
    const ratios = own.map((time, round) => time / (times[0]?.[round] ?? Number.NaN)).toSorted((a, b) => a - b)
    return {
      name,
      nanoseconds: median(own.toSorted((a, b) => a - b)),
      ratio: { median: median(ratios), lowest: ratios[0] ?? Number.NaN, highest: ratios.at(-1) ?? Number.NaN }
    }
  })
}

const median = (sorted: ReadonlyArray<number>): number => {
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2
}

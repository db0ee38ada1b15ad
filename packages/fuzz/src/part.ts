/** One part of the fuzzer: what it is given, and whom it tells. */
export interface Run {
  readonly seed: number
  /** Index of the first case. A case follows from the seed and its index alone. */
  readonly first: number
  readonly count: number
  /** After a number of cases. */
  readonly progress: (done: number) => void
  /** Tells of a difference, and whether it is worth going on. */
  readonly found: (difference: Difference) => boolean
}

/** A case that is not as it should be, for people to read. */
export interface Difference {
  readonly index: number
  readonly lines: ReadonlyArray<string>
}

export type Part = (run: Run) => Promise<void>

/** One part of the fuzzer: its input, and the callbacks for its results. */
export interface Run {
  readonly seed: number
  /** Index of the first case. Only the seed and the index determine a case. */
  readonly first: number
  readonly count: number
  /** Called after a number of cases. */
  readonly progress: (done: number) => void
  /** Reports a difference. Returns true if the part should continue. */
  readonly found: (difference: Difference) => boolean
}

/** A case that fails, as text. */
export interface Difference {
  readonly index: number
  readonly lines: ReadonlyArray<string>
}

export type Part = (run: Run) => Promise<void>

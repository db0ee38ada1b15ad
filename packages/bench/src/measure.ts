/**
 * One workload, measured.
 */
import { Effect } from "effect"
import type { Measured } from "./result.ts"
import { alternate, type Candidate, untilCompiled } from "./rounds.ts"
import type { Candidates, Setting, Sockets, Workload } from "./workload.ts"

/** Fails a round that does not return a number for each reading. */
const checked =
  ({ name, readings }: Workload) =>
  (candidate: Candidate): Candidate => ({
    name: candidate.name,
    round: async () => {
      const values = await candidate.round()
      if (values.length === readings.length && values.every(Number.isFinite)) return values
      throw new Error(`${name}: ${candidate.name} returned ${values.join(" ")} for ${readings.length} readings`)
    }
  })

/** Opens the chosen candidates of a workload. They are closed with the scope. */
export const open = (workload: Workload, setting: Setting, wanted: (name: string) => boolean): Candidates =>
  Effect.map(workload.candidates(setting), (all) => all.filter(({ name }) => wanted(name)).map(checked(workload)))

export interface How {
  readonly quick: boolean
  readonly rounds: number
  readonly wanted: (candidate: string) => boolean
}

export const measure = (
  workload: Workload,
  setting: Setting,
  { quick, rounds: full, wanted }: How
): Effect.Effect<Measured, unknown, Sockets> =>
  Effect.gen(function* () {
    const { name, readings, title, warm = true } = workload
    const rounds = Math.min(full, workload.rounds ?? full)
    const all = yield* open(workload, setting, wanted)
    const series = yield* Effect.promise(() =>
      alternate(all, { rounds, warming: warm && !quick ? untilCompiled : undefined }, (round) =>
        process.stderr.write(`${name}: round ${round + 1} of ${rounds}\n`)
      )
    )
    return { workload: { name, readings, title }, series }
  }).pipe(Effect.scoped)

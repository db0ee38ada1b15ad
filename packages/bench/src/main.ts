/**
 * What a datagram costs beside `node:dgram` and beside C, in ratios of the same round: `npm run bench`, `npm run bench -- --quick` to see that it
 * runs, `--only NAME` for one workload, `--write` to put what was found into `docs`.
 */
import { parseArgs } from "node:util"
import { LinuxSockets } from "@ancillary/posix"
import { Effect } from "effect"
import { peers } from "./peers.ts"
import { publish } from "./publish.ts"
import { machine, type Measured, type Run } from "./result.ts"
import { alternate } from "./rounds.ts"
import { candidates, verdicts } from "./table.ts"
import type { Setting, Workload } from "./workload.ts"
import { bulkReceive, bulkSend } from "./workload/bulk.ts"
import { fairness } from "./workload/fairness.ts"
import { fanOut, fanOutReplay } from "./workload/fanOut.ts"
import { idle } from "./workload/idle.ts"
import { memory } from "./workload/memory.ts"
import { pingPongs } from "./workload/pingPong.ts"
import { receiving } from "./workload/receiving.ts"
import { systemCalls } from "./workload/systemCalls.ts"
import { steady } from "./workload/steady.ts"

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    rounds: { type: "string", default: "14" }
  }
})
const full = options.quick ? 1 : Number(options.rounds)
const workloads = [
  ...receiving,
  fanOut,
  fanOutReplay,
  bulkSend,
  bulkReceive,
  ...pingPongs,
  steady,
  idle,
  fairness,
  memory,
  systemCalls
]
const wanted = workloads.filter(({ name }) => options.only?.includes(name) ?? true)
const unknown = options.only?.filter((only) => workloads.every(({ name }) => name !== only)) ?? []
if (unknown.length > 0 || !(full >= 1)) {
  console.error(`--rounds is a number, and --only one of: ${workloads.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}

const measure = (workload: Workload, setting: Setting) =>
  Effect.gen(function* () {
    const { name, readings, title, unit, warm = true } = workload
    const rounds = Math.min(full, workload.rounds ?? full)
    const all = yield* workload.candidates(setting)
    const series = yield* Effect.promise(() =>
      alternate(all, { rounds, warm: warm && !options.quick }, (round) =>
        process.stderr.write(`${name}: round ${round + 1} of ${rounds}\n`)
      )
    )
    const measured: Measured = { workload: { name, readings, title, unit }, series }
    // Of one cold round the times say nothing.
    if (options.quick) console.log(`${title}: ${series.map(({ name }) => name).join("; ")}`)
    else console.log(`\n${title}\n\n${candidates(measured)}`)
    return measured
  }).pipe(Effect.scoped)

const bench = Effect.gen(function* () {
  const setting: Setting = {
    peers: yield* peers,
    times: (full) => (options.quick ? Math.max(1, Math.ceil(full / 50)) : full)
  }
  const measured = yield* Effect.forEach(wanted, (workload) => measure(workload, setting))
  const run: Run = { machine: machine(), measured }
  if (options.quick) return
  console.log(`\n${verdicts(run)}`)
  if (options.write) publish(run)
})

if (process.platform === "linux") await Effect.runPromise(bench.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
else console.log("not run here: the bench. It is Linux that it measures.")

/**
 * The cost of a datagram beside `node:dgram`, C and Go, in ratios of the same round: `npm run bench`. Options:
 *
 * - `--quick` runs each workload once, small, and checks that it counts what it claims.
 * - `--only NAME` runs one workload, `--candidate NAME` one candidate and `node:dgram`. Both may be repeated.
 * - `--rounds NUMBER` sets the number of rounds, 14 by default.
 * - `--against CHECKOUT` compares this checkout with another one, round by round.
 * - `--write` writes the tables into `docs`.
 */
import { parseArgs } from "node:util"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Effect, Scope } from "effect"
import { against, serveRounds } from "./against.ts"
import { echoServers } from "./echoServers.ts"
import { missing } from "./figures.ts"
import { type How, measure } from "./measure.ts"
import { peers } from "./peers.ts"
import { prices, shownPrices } from "./prices.ts"
import { publish } from "./publish.ts"
import { machine, type Run } from "./result.ts"
import { candidates, verdicts } from "./table.ts"
import { dgram } from "./names.ts"
import type { Setting } from "./workload.ts"
import { workloads } from "./workloads.ts"

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    candidate: { type: "string", multiple: true },
    rounds: { type: "string", default: "14" },
    against: { type: "string" },
    // For the other process of `--against`.
    serve: { type: "boolean", default: false }
  }
})
const chosen = workloads.filter(({ name }) => options.only?.includes(name) ?? true)
const unknown = options.only?.filter((only) => workloads.every(({ name }) => name !== only)) ?? []
const rounds = options.quick ? 1 : Number(options.rounds)
if (unknown.length > 0 || !(rounds >= 1)) {
  console.error(`--rounds is a number, and --only one of: ${workloads.map(({ name }) => name).join(", ")}`)
  process.exit(2)
}
const how: How = {
  quick: options.quick,
  rounds,
  wanted: (name) => options.candidate === undefined || name === dgram || options.candidate.includes(name)
}

const setting: Effect.Effect<Setting, never, Scope.Scope> = Effect.gen(function* () {
  const found = yield* peers
  const scope = yield* Effect.scope
  return {
    peers: found,
    servers: yield* Effect.cached(Scope.extend(echoServers(found), scope)),
    times: (full) => (options.quick ? Math.max(1, Math.ceil(full / 50)) : full)
  }
})

const bench = Effect.gen(function* () {
  const settings = yield* setting
  const cost = options.quick ? undefined : yield* prices(settings.peers)
  if (cost !== undefined) console.log(shownPrices(cost))
  const measured = yield* Effect.forEach(chosen, (workload) =>
    Effect.tap(measure(workload, settings, how), (measured) => {
      const { series } = measured
      if (series.length === 0) return console.log(`not run here: ${workload.title}`)
      // The times of one cold round have no meaning.
      if (options.quick) return console.log(`${workload.title}: ${series.map(({ name }) => name).join("; ")}`)
      return console.log(`\n${workload.title}\n\n${candidates(measured)}`)
    })
  )
  const gone = options.candidate === undefined ? measured.flatMap(missing) : []
  if (gone.length > 0) throw new Error(`Figures of candidates that did not run: ${gone.join("; ")}`)
  if (cost === undefined) return
  const run: Run = { machine: machine(cost), measured }
  console.log(`\n${verdicts(run)}`)
  if (options.write) publish(run)
})

const serving = Effect.gen(function* () {
  const settings = yield* setting
  yield* Effect.forEach(chosen, (workload) => serveRounds(workload, settings, how.wanted), { discard: true })
})

const comparing = (checkout: string) =>
  against(chosen, {
    checkout,
    rounds,
    args: [...(options.quick ? ["--quick"] : []), ...(options.candidate ?? []).flatMap((name) => ["--candidate", name])]
  })

const program = options.serve ? serving : options.against === undefined ? bench : comparing(options.against)

if (process.platform === "linux") {
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
} else console.log("not run here: the bench. It measures Linux.")

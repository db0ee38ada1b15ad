/** The cost of a datagram beside `node:dgram`, C and Go, in ratios of the same round: `npm run bench`, see `--help`. */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Effect, Scope } from "effect"
import { against, serveRounds } from "./against.ts"
import { echoServers } from "./echoServers.ts"
import { missing } from "./figures.ts"
import { type How, measure } from "./measure.ts"
import { help, parse } from "./options.ts"
import { peers } from "./peers.ts"
import { prices, shownPrices } from "./prices.ts"
import { publish } from "./publish.ts"
import { machine, type Run } from "./result.ts"
import { candidates, verdicts } from "./table.ts"
import { dgram } from "./names.ts"
import type { Setting } from "./workload.ts"
import { workloads } from "./workloads.ts"

const options = parse(
  process.argv.slice(2),
  workloads.map(({ name }) => name)
)
if (options === "help" || "wrong" in options) {
  console.log(options === "help" ? help : `${options.wrong}\n\n${help}`)
  process.exit(options === "help" ? 0 : 2)
}
const { rounds } = options
const chosen = workloads.filter(({ name }) => options.only?.includes(name) ?? true)
const how: How = {
  quick: options.quick,
  rounds,
  wanted: (name) => options.candidates === undefined || name === dgram || options.candidates.includes(name)
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
  const gone = options.candidates === undefined ? measured.flatMap(missing) : []
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
    args: [
      ...(options.quick ? ["--quick"] : []),
      ...(options.candidates ?? []).flatMap((name) => ["--candidate", name])
    ]
  })

const program = options.serve ? serving : options.against === undefined ? bench : comparing(options.against)

if (process.platform === "linux") {
  await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
} else console.log("not run here: the bench. It measures Linux.")

/**
 * `npm run fuzz`: see `options.ts`, or `--help`.
 */
import { differential } from "./differential.ts"
import { echo } from "./echo.ts"
import { examples } from "./examples.ts"
import { extensions } from "./extensions.ts"
import { hostile } from "./hostile.ts"
import { kernel, network, refuseHost } from "./network/network.ts"
import { help, parse, type PartName } from "./options.ts"
import type { Part } from "./part.ts"
import { targets } from "./program.ts"
import { reentrance } from "./reentrance.ts"
import { soak } from "./soak/soak.ts"

const options = parse(process.argv.slice(2))
if (options === "help" || "wrong" in options) {
  console.log(options === "help" ? help : `${options.wrong}\n\n${help}`)
  process.exit(options === "help" ? 0 : 2)
}
const { count, first, only, seed } = options

/** Differences that are printed in full before a part ends. */
const differencesAtMost = 3

let differences = 0

const run = async (part: PartName, abi: string | undefined, body: Part): Promise<void> => {
  const name = abi === undefined ? part : `${part}, ${abi}`
  const cases = count(part)
  const start = performance.now()
  let tenth = 0
  let own = 0
  await body({
    seed,
    first,
    count: cases,
    progress: (done) => {
      if (Math.floor((10 * done) / cases) === tenth && done < cases) return
      tenth = Math.floor((10 * done) / cases)
      console.log(
        `${name}: ${done} of ${cases}, ${own} differences, ${((performance.now() - start) / 1000).toFixed(1)} s`
      )
    },
    found: ({ index, lines }) => {
      const only = abi === undefined ? part : `${part} --abi ${abi}`
      console.log(`${name}: seed ${seed}, case ${index} is not as it should be:\n  ${lines.join("\n  ")}`)
      console.log(`  Again: npm run fuzz -- --only ${only} --seed ${seed} --first ${index} --count 1`)
      return ++own < differencesAtMost
    }
  })
  differences += own
}

console.log(`seed ${seed}`)
if (only.includes("differential")) {
  const known = targets()
  for (const name of options.abis ?? known.map(({ name }) => name)) {
    const abi = known.find((each) => each.name === name)
    if (abi?.available === true) {
      await run("differential", name, differential(name))
      continue
    }
    console.log(`not run here: ${name}. ${abi?.how ?? `There are ${known.map(({ name }) => name).join(", ")}.`}`)
    // An ABI that was named must run.
    if (options.abis !== undefined) process.exitCode = 1
  }
}
if (only.includes("echo")) {
  if (process.platform === "linux") await run("echo", undefined, echo())
  else console.log("not run here: echo. It is Linux that it asks.")
}
if (only.includes("hostile")) await run("hostile", undefined, hostile())
if (only.includes("extensions")) await run("extensions", undefined, extensions())
if (only.includes("reentrance")) await run("reentrance", undefined, reentrance())
if (only.includes("examples")) {
  const seen = new Map<string, number>()
  await run("examples", undefined, examples(seen))
  for (const [what, times] of [...seen].toSorted(([a], [b]) => (a < b ? -1 : 1))) console.log(`  ${what}: ${times}`)
}
if (only.includes("soak")) {
  if (process.platform === "linux") {
    const tally = new Map<string, number>()
    await run("soak", undefined, soak(tally))
    for (const [what, times] of [...tally].toSorted(([a], [b]) => (a < b ? -1 : 1))) console.log(`  ${what}: ${times}`)
  } else console.log("not run here: soak. It is Linux that it asks.")
}
if (only.includes("network")) {
  const driver = process.platform === "linux" ? kernel() : undefined
  const why = driver === undefined ? "It is Linux that it asks." : refuseHost(driver)
  if (driver !== undefined && why === undefined) await run("network", undefined, network(driver))
  else console.log(`not run here: network. ${why}`)
}
console.log(differences === 0 ? "No difference." : `${differences} differences.`)
if (differences > 0) process.exitCode = 1

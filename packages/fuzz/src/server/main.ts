/** `npm run soak`: see `--help`. */
import { parseArgs } from "node:util"
import { Effect } from "effect"
import { problemOf } from "../problem.ts"
import { soak } from "./soak.ts"

const help = `npm run soak -- [options]

Sends datagrams through servers on real sockets of this host. Their handlers answer, fail, die, are interrupted, or are slow. Servers stop while
they are busy, and start again. Each datagram has one end. Exits with 1 if one has none, or if memory or descriptors grow. Linux.

  --count <n>   datagrams, by default 5000000
  --seed <n>    0 to 4294967295. By default a new one, which is printed
  --help        this
`

const wrong = (problem: string): never => {
  console.log(`${problem}\n\n${help}`)
  process.exit(2)
}
const read = () => {
  try {
    return parseArgs({
      options: { count: { type: "string" }, seed: { type: "string" }, help: { type: "boolean" } }
    }).values
  } catch (error) {
    return wrong(problemOf(error))
  }
}
const values = read()
if (values.help === true) {
  console.log(help)
  process.exit(0)
}
const count = Number(values.count ?? 5_000_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
if (![count, seed].every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)) {
  wrong("--count and --seed are integers from 0 to 4294967295.")
}

console.log(`seed ${seed}`)
const start = performance.now()
const { account, address, held, problems } = await Effect.runPromise(
  soak({
    count,
    seed,
    progress: async ({ sent, servers }, hold) => {
      const { bytes, descriptors } = await hold()
      const seconds = ((performance.now() - start) / 1000).toFixed(0)
      const megabytes = (bytes / 1e6).toFixed(1)
      console.log(
        `${sent} of ${count} datagrams, ${servers} servers, ${megabytes} MB, ${descriptors} descriptors, ${seconds} s`
      )
    }
  })
)

for (const [end, datagrams] of account.ends) console.log(`  ${end}: ${datagrams}`)
console.log(`  answers: ${account.answers}; not sent, by a limit: ${account.limited}`)
if (address.startsWith("127.")) console.log("This host has only loopback addresses, which have no limits.")
for (const problem of problems) console.log(problem)
console.log(
  problems.length === 0
    ? `Each of ${account.sent} datagrams has one end, ${((held[1].bytes - held[0].bytes) / 1e6).toFixed(1)} MB more are held.`
    : `Again: npm run soak -- --count ${count} --seed ${seed}`
)
if (problems.length > 0) process.exitCode = 1

/**
 * What a datagram costs beside `node:dgram`, in ratios of the same round: `npm run bench`, or `npm run bench -- --quick` to see that it runs.
 */
import { NodeSockets } from "@ancillary/node"
import { ManagedRuntime } from "effect"
import { alternate, type Result } from "./rounds.ts"
import { workloads } from "./workloads.ts"

const quick = process.argv.includes("--quick")
const rounds = quick ? 2 : 14
const bursts = quick ? 5 : 60

const print = (title: string, results: ReadonlyArray<Result>): void => {
  console.log(`\n${title}`)
  for (const { name, nanoseconds, ratio } of results) {
    const spread = `${ratio.lowest.toFixed(2)} to ${ratio.highest.toFixed(2)}`
    console.log(`  ${name.padEnd(46)} × ${ratio.median.toFixed(2)}  (${spread})  ${(nanoseconds / 1000).toFixed(2)} µs`)
  }
}

const runtime = ManagedRuntime.make(NodeSockets.layer)
console.log(`${rounds} rounds, in turn; × is the median ratio to the first line in the same round, with its spread`)
print(
  "Receiving 100 bytes, one control message read",
  await alternate(await workloads.receiving(runtime, bursts), rounds)
)
print("Sending 100 bytes", await alternate(await workloads.sending(runtime, bursts), rounds))
// The receivers go on for ever, and so does a bound node:dgram socket.
process.exit(0)

/**
 * `memoryProcess.js WAY DATAGRAMS`: sends so many datagrams to itself and reads them in that way. After each tenth of them it sends its memory
 * to its parent: live bytes and resident bytes, in turn.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"
import { Arrivals, turn } from "./arrivals.ts"
import { cost } from "./gauge.ts"
import { held } from "./held.ts"
import { filler, reader, sender } from "./sockets.ts"
import { isWay, reads } from "./workload/drain.ts"

const [, , way, count] = process.argv
const tenths = 10
const burst = 256

const grown = Effect.gen(function* () {
  if (!isWay(way)) throw new Error(`${way} is not one of ${Object.keys(reads).join(", ")}`)
  const socket = yield* reader
  const fill = filler(yield* sender, socket.localAddress, 100)
  const arrivals = new Arrivals(cost())
  yield* Effect.forkScoped(reads[way](socket, (hops) => arrivals.count(hops > 0 ? 1 : 0)))
  const samples: Array<number> = []
  for (let tenth = 0; tenth < tenths; tenth++) {
    yield* Effect.promise(async () => {
      for (let left = Number(count) / tenths; left > 0; left -= burst) {
        const some = Math.min(burst, Math.ceil(left))
        fill(some)
        await arrivals.until(some)
        await turn()
      }
    })
    samples.push(...(yield* held))
  }
  return samples
})

const samples = await Effect.runPromise(grown.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))
process.send?.(samples, () => process.exit(0))

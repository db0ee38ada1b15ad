/**
 * Draining a full socket.
 */
import { Effect } from "effect"
import { cost } from "../gauge.ts"
import { cBatched, cSingle, goBatched } from "../names.ts"
import { faults, time, type Workload } from "../workload.ts"
import { allReads, type Drained, nodes, ours, type reads } from "./drain.ts"

const drain = (bytes: number, burst: number, turns: number, names: ReadonlyArray<keyof typeof reads>): Workload => ({
  name: `drain-${bytes}`,
  title: `Draining a full socket, datagrams of ${bytes} bytes`,
  readings: [time("a datagram"), faults],
  candidates: ({ peers, times }) => {
    const bursts = times(turns)
    const drained: Drained = { bytes, burst: () => burst, bursts, gauge: cost, over: "sum" }
    return Effect.map(
      Effect.all([
        nodes(drained),
        peers.c(cBatched, "drain", "batched", bytes, burst, bursts),
        peers.c(cSingle, "drain", "one", bytes, burst, bursts),
        peers.go(goBatched, "drain", bytes, burst, bursts),
        peers.python("Python, one a call", bytes, burst, bursts),
        ours(drained, names)
      ]),
      (each) => each.flat()
    )
  }
})

/** The burst of the largest datagrams is what the receive buffer holds. */
export const draining: ReadonlyArray<Workload> = [
  drain(100, 256, 20, allReads),
  drain(1200, 128, 20, ["forEachBorrowed", "forEach", "receiveBatch", "runForEach"]),
  drain(65_507, 4, 250, ["forEachBorrowed", "forEach", "receiveBatch", "runForEach"])
]

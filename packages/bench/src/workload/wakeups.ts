/**
 * Reading a few datagrams at each wake-up.
 */
import { Effect } from "effect"
import { cost } from "../gauge.ts"
import { cBatched, cSingle, goBatched } from "../names.ts"
import { faults, time, type Workload } from "../workload.ts"
import { type Drained, nodes, ours } from "./drain.ts"

/** Returns the number of datagrams of the i-th wake-up: 1 to 8, equally often. */
const few = (i: number): number => (i % 8) + 1

export const wakeups: Workload = {
  name: "wakeups",
  title: "Event-driven, 1 to 8 datagrams a wake-up, 100 bytes",
  readings: [time("a datagram"), faults],
  candidates: ({ peers, times }) => {
    const bursts = times(800)
    const drained: Drained = { bytes: 100, burst: few, bursts, gauge: cost, over: "sum" }
    return Effect.map(
      Effect.all([
        nodes(drained),
        peers.c(cBatched, "drain", "wakeups", "batched", 100, 8, bursts),
        peers.c(cSingle, "drain", "wakeups", "one", 100, 8, bursts),
        peers.go(goBatched, "wakeups", 100, 8, bursts),
        ours(drained, ["forEachBorrowed", "forEach", "receiveBatch", "runForEach", "receive"])
      ]),
      (each) => each.flat()
    )
  }
}

/**
 * Memory that a reader allocates for a datagram.
 */
import { Effect } from "effect"
import { allocated } from "../gauge.ts"
import { bytesOf, type Workload } from "../workload.ts"
import { allReads, type Drained, nodes, ours } from "./drain.ts"

export const allocation: Workload = {
  name: "allocation",
  title: "Memory allocated while draining a full socket, 100 bytes",
  readings: [bytesOf("a datagram")],
  candidates: ({ times }) => {
    const drained: Drained = { bytes: 100, burst: () => 256, bursts: times(21), gauge: allocated, over: "median" }
    return Effect.map(Effect.all([nodes(drained), ours(drained, allReads)]), (each) => each.flat())
  }
}

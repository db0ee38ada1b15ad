/**
 * The highest rate at which an echo server loses at most 1 in 100 datagrams. It depends on wall time, so it needs a quiet machine.
 */
import { Effect } from "effect"
import { rateOf, type Workload } from "../workload.ts"

const bytes = 100

export const echoCeiling: Workload = {
  name: "echo-ceiling",
  title: "Echo server, 64 flows, the highest rate with at most 1 in 100 lost, 100 bytes",
  readings: [rateOf("rate")],
  rounds: 5,
  warm: false,
  candidates: ({ peers, servers, times }) =>
    peers.hasC
      ? Effect.gen(function* () {
          const each = yield* Effect.forEach(yield* servers, ({ name, pid, port }) =>
            peers.c(name, "load", "ceiling", port, pid, bytes, times(100))
          )
          return each.flat()
        })
      : Effect.succeed([])
}

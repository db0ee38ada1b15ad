/**
 * Echo servers at their limit: a C program asks from 64 flows as fast as it can.
 */
import { Effect } from "effect"
import { faults, rateOf, time, type Workload } from "../workload.ts"

const bytes = 100

export const echoFlood: Workload = {
  name: "echo-flood",
  title: "Echo server, flooded by 64 flows, 100 bytes",
  readings: [time("processor time of an echo"), faults, rateOf("echoes")],
  candidates: ({ peers, servers, times }) =>
    peers.hasC
      ? Effect.gen(function* () {
          const each = yield* Effect.forEach(yield* servers, ({ name, pid, port }) =>
            peers.c(name, "load", "flood", port, pid, bytes, times(300))
          )
          return each.flat()
        })
      : Effect.succeed([])
}

/**
 * Echo servers at a fixed rate: a C program sends from 64 flows, even if the server does not keep up.
 */
import { Effect } from "effect"
import { faults, percentOf, time, type Workload } from "../workload.ts"

const bytes = 100
const rate = 2000

export const echo: Workload = {
  name: "echo",
  title: "Echo server, 64 flows, 2,000 datagrams a second, 100 bytes",
  readings: [
    time("processor time of an echo"),
    faults,
    time("latency, median"),
    time("99 in 100"),
    time("999 in 1,000"),
    percentOf("lost")
  ],
  candidates: ({ peers, servers, times }) =>
    peers.hasC
      ? Effect.gen(function* () {
          const each = yield* Effect.forEach(yield* servers, ({ name, pid, port }) =>
            peers.c(name, "load", "rate", port, pid, bytes, rate, times(500))
          )
          return each.flat()
        })
      : Effect.succeed([])
}

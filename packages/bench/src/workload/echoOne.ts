/**
 * Echo servers and one flow: a C program asks again when it has its echo.
 */
import { Effect } from "effect"
import { faults, time, type Workload } from "../workload.ts"

const bytes = 100

export const echoOne: Workload = {
  name: "echo-one",
  title: "Echo server, one datagram in flight, 100 bytes",
  readings: [time("processor time of an echo"), faults, { ...time("round trip, median"), compared: true }],
  candidates: ({ peers, servers, times }) =>
    peers.hasC
      ? Effect.gen(function* () {
          const each = yield* Effect.forEach(yield* servers, ({ name, pid, port }) =>
            peers.c(name, "load", "one", port, pid, bytes, times(3000))
          )
          return each.flat()
        })
      : Effect.succeed([])
}

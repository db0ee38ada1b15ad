/**
 * Opening and closing a thousand sockets, one after the other, each candidate in a process of its own.
 */
import { Effect } from "effect"
import { forked } from "../forked.ts"
import type { Candidate } from "../rounds.ts"
import { dgram, engineAlone } from "../names.ts"
import { faultsOf, time, type Workload } from "../workload.ts"

const measured = (
  name: string,
  kind: "bind" | "engine" | "forEach" | "node" | "scope",
  sockets: number
): Candidate => ({
  name,
  round: () => forked("openProcess", kind, sockets)
})

export const openClose: Workload = {
  name: "open-close",
  title: "Opening and closing 1,000 sockets",
  readings: [
    time("opening a socket"),
    { ...time("closing"), compared: true },
    faultsOf("minor faults, opening"),
    faultsOf("closing")
  ],
  rounds: 6,
  warm: false,
  candidates: ({ times }) =>
    Effect.succeed([
      measured(dgram, "node", times(1000)),
      measured(engineAlone, "engine", times(1000)),
      measured("a scope of Effect 3, without a socket", "scope", times(1000)),
      measured("bind", "bind", times(1000)),
      measured("bind, with forEach", "forEach", times(1000))
    ])
}

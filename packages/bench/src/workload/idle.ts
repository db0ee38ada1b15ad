/**
 * The memory of a thousand waiting sockets, each candidate in a process of its own.
 */
import { Effect } from "effect"
import { forked } from "../forked.ts"
import type { Candidate } from "../rounds.ts"
import { dgram, engineAlone } from "../names.ts"
import { bytesOf, type Workload } from "../workload.ts"

const measured = (
  name: string,
  kind: "engine" | "fiber" | "forEach" | "node" | "runForEach" | "stream",
  sockets: number
): Candidate => ({
  name,
  round: () => forked("idleProcess", kind, sockets)
})

export const idle: Workload = {
  name: "idle",
  title: "1,000 idle sockets, each with a reader",
  readings: [bytesOf("alive, a socket"), bytesOf("resident")],
  rounds: 4,
  warm: false,
  candidates: ({ times }) =>
    Effect.succeed([
      measured(dgram, "node", times(1000)),
      measured(engineAlone, "engine", times(1000)),
      measured("a fiber of Effect 3, without a socket", "fiber", times(1000)),
      measured("a stream of Effect 3, without a socket", "stream", times(1000)),
      measured("forEach", "forEach", times(1000)),
      measured("runForEach", "runForEach", times(1000))
    ])
}

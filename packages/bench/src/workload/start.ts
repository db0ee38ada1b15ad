/**
 * Starting a process: from nothing to the first bound socket, cold.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect } from "effect"
import type { Candidate } from "../rounds.ts"
import { dgram, engineAlone } from "../names.ts"
import { bytesOf, faults, time, type Workload } from "../workload.ts"

const run = promisify(execFile)

/** A program of the folder `start`, which prints its readings and ends. */
const cold = (name: string, program: string): Candidate => ({
  name,
  round: async () => {
    const path = fileURLToPath(new URL(`../start/${program}.js`, import.meta.url))
    const { stdout } = await run(process.execPath, [path])
    return stdout.trim().split(" ").map(Number)
  }
})

export const start: Workload = {
  name: "start",
  title: "A new process, until its first socket is bound",
  readings: [time("processor time"), time("wall time"), faults, bytesOf("resident")],
  rounds: 8,
  warm: true,
  candidates: () =>
    Effect.succeed([
      cold(dgram, "node"),
      cold("Node alone", "nothing"),
      cold("node:dgram beside an import of effect", "effect"),
      cold("node:dgram beside Effect's modules", "modules"),
      cold(engineAlone, "engine"),
      cold("NodeSockets, Effect 3", "effect3"),
      cold("the same, by modules", "effect3Modules")
    ])
}

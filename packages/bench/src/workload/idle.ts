/**
 * What a thousand sockets that wait take of memory, each candidate in a process of its own.
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import type { Candidate } from "../rounds.ts"
import { dgram, type Workload } from "../workload.ts"

// The bench runs as it was built: what runs TypeScript as it is gives each function a name of its own, which takes 10 KB a socket.
const program = fileURLToPath(new URL("../idleProcess.js", import.meta.url))

const measured = (name: string, kind: "ours" | "node", sockets: number): Candidate => ({
  name,
  round: () =>
    new Promise((resolve, reject) => {
      const child = fork(program, [kind, String(sockets)], { execArgv: [...process.execArgv, "--expose-gc"] })
      child.once("message", (read) => resolve(Array.isArray(read) ? read.map(Number) : []))
      child.once("exit", (code) => reject(new Error(`${program} ended with ${code} before it answered`)))
    })
})

export const idle: Workload = {
  name: "idle",
  title: "1,000 idle sockets, each with a reader",
  readings: ["alive, a socket", "resident"],
  unit: "bytes",
  rounds: 4,
  warm: false,
  candidates: ({ times }) =>
    Effect.succeed([measured(dgram, "node", times(1000)), measured("forEach", "ours", times(1000))])
}

/**
 * A worker that is started, until it serves.
 */
import { Effect } from "effect"
import { forked } from "../forked.ts"
import type { Candidate } from "../rounds.ts"
import { dgram } from "../names.ts"
import { bytesOf, time, type Workload } from "../workload.ts"

const measured = (name: string, program: string): Candidate => ({ name, round: () => forked(`workers/${program}`) })

export const workers: Workload = {
  name: "workers",
  title: "A worker until it serves: node:cluster beside DatagramWorkers",
  readings: [time("until it serves"), time("processor time"), { ...bytesOf("resident"), compared: true }],
  rounds: 6,
  candidates: () => Effect.succeed([measured(dgram, "cluster"), measured("DatagramWorkers", "ours")])
}

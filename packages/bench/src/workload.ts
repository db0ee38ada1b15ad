/**
 * What a workload is, and the names that its candidates and the figures share.
 */
import type { Capability } from "@ancillary/control"
import type { DatagramSockets } from "@ancillary/effect3"
import type { Effect, Scope } from "effect"
import type { Peers } from "./peers.ts"
import type { Candidate } from "./rounds.ts"

export interface Setting {
  readonly peers: Peers
  /** As much of `full` as is wanted: all of it, or next to nothing to see that it runs. */
  readonly times: (full: number) => number
}

/** What the candidates need: sockets, and what only Linux has. */
export type Sockets = DatagramSockets | Capability<"coalescing">

/** The candidates, with their sockets open. */
export type Candidates = Effect.Effect<ReadonlyArray<Candidate>, unknown, Sockets | Scope.Scope>

export interface Workload {
  /** As `--only` has it. */
  readonly name: string
  readonly title: string
  /** What a round reads, the first of which is compared. */
  readonly readings: readonly [string, ...ReadonlyArray<string>]
  readonly unit: "µs" | "bytes" | "calls"
  /** False where every round is a new process: a first one that is not counted would warm nothing. */
  readonly warm?: boolean
  /** Fewer rounds where what is read does not vary. */
  readonly rounds?: number
  readonly candidates: (setting: Setting) => Candidates
}

export const dgram = "node:dgram"
export const cBatched = "C, 64 a call"
export const cSingle = "C, one a call"

/**
 * Workloads and their readings.
 */
import type { Capability } from "@ancillary/control"
import type { DatagramSockets } from "@ancillary/effect3"
import type { Effect, Scope } from "effect"
import type { EchoServer } from "./echoServers.ts"
import type { Peers } from "./peers.ts"
import type { Candidate } from "./rounds.ts"

export interface Setting {
  readonly peers: Peers
  /** Starts the echo servers the first time, and returns the same ones later. They end with the run. */
  readonly servers: Effect.Effect<ReadonlyArray<EchoServer>>
  /** Returns the size of the work: all of `full`, or a fiftieth of it for a quick run. */
  readonly times: (full: number) => number
}

/** Sockets, and a capability that only Linux has. */
export type Sockets = DatagramSockets | Capability<"coalescing">

/** The candidates, with their sockets open. */
export type Candidates = Effect.Effect<ReadonlyArray<Candidate>, unknown, Sockets | Scope.Scope>

/** Times are in nanoseconds, and shown as microseconds or milliseconds. */
export type Unit = "time" | "bytes" | "calls" | "faults" | "percent" | "a second"

/** A value that each round of a candidate returns. */
export interface Reading {
  readonly name: string
  readonly unit: Unit
  /** True if it is compared with the other candidates. The first reading is always compared. */
  readonly compared?: boolean
}

export interface Workload {
  /** The name that `--only` takes. */
  readonly name: string
  readonly title: string
  /** The readings of a round. The first is compared. */
  readonly readings: readonly [Reading, ...ReadonlyArray<Reading>]
  /** False if each round is a new process, which a round that is not counted would not warm. */
  readonly warm?: boolean
  /** The maximum of rounds, for readings that vary little. */
  readonly rounds?: number
  readonly candidates: (setting: Setting) => Candidates
}

const reading =
  (unit: Unit) =>
  (name: string): Reading => ({ name, unit })

export const time = reading("time")
export const bytesOf = reading("bytes")
export const callsOf = reading("calls")
export const percentOf = reading("percent")
export const rateOf = reading("a second")

export const faultsOf = reading("faults")

/** Minor faults, which are shown beside each cost. */
export const faults = faultsOf("minor faults")

/**
 * Reading queued datagrams. A socket is filled in one turn of the event loop, so that no reader runs meanwhile. Then the gauge runs until the
 * last datagram is delivered. Every candidate of ours decodes packet information and the hop limit, copies the payload unless it is borrowed,
 * and reads a field of each.
 */
import { Effect, Stream } from "effect"
import { Arrivals, turn } from "../arrivals.ts"
import type { Gauge } from "../gauge.ts"
import { type Candidate, median } from "../rounds.ts"
import { filler, plain, type Reader, reader, sender } from "../sockets.ts"
import { dgram } from "../names.ts"
import type { Candidates } from "../workload.ts"

/** How a program reads: for each datagram it calls `count` with a field. */
export type Read = (socket: Reader, count: (hops: number) => void) => Effect.Effect<unknown, unknown>

/** The ways to read, under the names that the tables have. */
export const reads = {
  forEach: (socket, count) => socket.forEach(({ control }) => count(control.hopLimit)),
  forEachBorrowed: (socket, count) => socket.forEachBorrowed(({ control }) => count(control.hopLimit)),
  receiveBatch: (socket, count) =>
    Effect.forever(
      Effect.map(socket.receiveBatch, (batch) => {
        for (const { control } of batch) count(control.hopLimit)
      })
    ),
  runForEachChunk: (socket, count) =>
    Stream.runForEachChunk(socket.datagrams, (chunk) =>
      Effect.sync(() => {
        for (const { control } of chunk) count(control.hopLimit)
      })
    ),
  runForEach: (socket, count) =>
    Stream.runForEach(socket.datagrams, ({ control }) => Effect.sync(() => count(control.hopLimit))),
  mapEffect: (socket, count) =>
    Stream.runDrain(Stream.mapEffect(socket.datagrams, ({ control }) => Effect.sync(() => count(control.hopLimit)))),
  receive: (socket, count) => Effect.forever(Effect.map(socket.receive, ({ control }) => count(control.hopLimit)))
} satisfies { readonly [name in string]: Read }

export const allReads: ReadonlyArray<keyof typeof reads> = [
  "forEachBorrowed",
  "forEach",
  "receiveBatch",
  "runForEachChunk",
  "runForEach",
  "mapEffect",
  "receive"
]

export const isWay = (name: string | undefined): name is keyof typeof reads => name !== undefined && name in reads

export interface Drained {
  readonly bytes: number
  /** Number of queued datagrams of the i-th burst. */
  readonly burst: (i: number) => number
  /** Number of sent datagrams, by default all of them. */
  readonly sent?: number
  readonly bursts: number
  /** A gauge for each candidate. */
  readonly gauge: () => Gauge
  /** Combines the bursts of a round: their sum per datagram, or the median of each burst per datagram, which a garbage collection does not change. */
  readonly over: "sum" | "median"
}

const round =
  (drained: Drained, arrivals: Arrivals, fill: (count: number) => void): Candidate["round"] =>
  async () => {
    const each: Array<ReadonlyArray<number>> = []
    let total = 0
    for (let i = 0; i < drained.bursts; i++) {
      const burst = drained.burst(i)
      fill(drained.sent ?? burst)
      const read = await arrivals.until(burst)
      total += burst
      each.push(drained.over === "sum" ? read : read.map((value) => value / burst))
      // The next burst must not arrive in the reader's current turn.
      await turn()
    }
    return (each[0] ?? []).map((_, reading) => {
      const values = each.map((read) => read[reading] ?? Number.NaN)
      if (drained.over === "median") return median(values.toSorted((a, b) => a - b))
      return values.reduce((sum, value) => sum + value, 0) / total
    })
  }

export const ours = (drained: Drained, names: ReadonlyArray<keyof typeof reads>): Candidates =>
  Effect.forEach(names, (name) =>
    Effect.gen(function* () {
      const socket = yield* reader
      const arrivals = new Arrivals(drained.gauge())
      yield* Effect.forkScoped(reads[name](socket, (hops) => arrivals.count(hops > 0 ? 1 : 0)))
      const from = yield* sender
      return { name, round: round(drained, arrivals, filler(from, socket.localAddress, drained.bytes)) }
    })
  )

export const nodes = (drained: Drained): Candidates =>
  Effect.gen(function* () {
    const { at, socket } = yield* plain
    const arrivals = new Arrivals(drained.gauge())
    socket.on("message", (message) => arrivals.count(message.length > 0 ? 1 : 0))
    const from = yield* sender
    return [{ name: dgram, round: round(drained, arrivals, filler(from, at, drained.bytes)) }]
  })

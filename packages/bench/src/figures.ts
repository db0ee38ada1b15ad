/**
 * The figures to reach, and the judgement of each.
 */
import type { Measured } from "./result.ts"
import { ratio, type Series, spread, type Spread } from "./rounds.ts"
import { cBatched, dgram, engineAlone, goBatched } from "./names.ts"
import { merged, segmented, split } from "./workload/bulk.ts"

export interface Figure {
  readonly what: string
  readonly workload: string
  readonly candidate: string
  /** If absent, the reading itself is the figure. */
  readonly against?: string
  /** The limit of the figure. */
  readonly most: number
  /** The reading of the workload, if it is not the first. */
  readonly reading?: number
}

const figure = (
  what: string,
  workload: string,
  candidate: string,
  against: string | undefined,
  most: number,
  reading = 0
): Figure => ({
  what,
  workload,
  candidate,
  ...(against === undefined ? {} : { against }),
  most,
  reading
})

export const figures: ReadonlyArray<Figure> = [
  figure("echo, a stream", "echo", "runForEach and reply", dgram, 1),
  figure("echo, handlers that are effects", "echo", "serve", dgram, 1.1),
  figure("the same, flooded", "echo-flood", "serve", dgram, 0.6),
  figure("echo, a loop of receive", "echo", "receive and reply", dgram, 1.3),
  figure("its round trip", "ping-pong-64", "receive and reply", dgram, 1.2),
  figure("echo, a callback", "echo", "forEach and tryReply", dgram, 0.8),
  figure("its round trip", "ping-pong-64", "forEach and trySend", dgram, 0.75),
  figure("echo, for await", "echo", "promises, for await", dgram, 1.1),
  figure("its round trip", "ping-pong-64", "promises, for await", dgram, 1.1),
  figure("echo, a callback without Effect", "echo", "promises, callback", dgram, 0.9),
  figure("its round trip", "ping-pong-64", "promises, callback", dgram, 0.9),
  figure("system calls of an echo", "echo-calls", "runForEach and reply", undefined, 3),
  figure("system calls of an echo", "echo-calls", "serve", undefined, 3),
  figure("event-driven, 1 to 8 a wake-up", "wakeups", "runForEach", dgram, 0.8),
  figure("event-driven, 1 to 8 a wake-up", "wakeups", "receiveBatch", dgram, 0.6),
  figure("event-driven, 1 to 8 a wake-up", "wakeups", "forEach", dgram, 0.45),
  figure("event-driven, 1 to 8 a wake-up", "wakeups", "forEach", goBatched, 1),
  figure("send one by one", "fan-out", "send, with source", dgram, 0.9),
  figure("open a socket", "open-close", engineAlone, dgram, 3),
  figure("close a socket", "open-close", engineAlone, dgram, 3, 1),
  figure("open a socket", "open-close", "bind", dgram, 3),
  figure("close a socket", "open-close", "bind", dgram, 3, 1),
  figure("memory of an idle socket", "idle", engineAlone, undefined, 4000),
  figure("memory of an idle socket", "idle", "forEach", undefined, 4000),
  figure("memory of an idle socket", "idle", "runForEach", undefined, 8000),
  figure("start a process", "start", engineAlone, dgram, 1.3),
  figure("start a process", "start", "the same, by modules", dgram, 2),
  figure("start a process", "start", "NodeSockets, Effect 3", dgram, 2),
  figure("start a worker", "workers", "DatagramWorkers", undefined, 250e6),
  figure("memory of a worker", "workers", "DatagramWorkers", undefined, 45e6, 2),
  figure("receive a batch", "drain-100", "receiveBatch", dgram, 0.31),
  figure("receive a batch", "drain-100", "receiveBatch", goBatched, 1.1),
  figure("receive by a callback", "drain-100", "forEach", goBatched, 1),
  figure("receive through a stream", "drain-100", "runForEach", dgram, 0.5),
  figure("receive borrowed", "drain-100", "forEachBorrowed", dgram, 0.28),
  figure("receive borrowed", "drain-100", "forEachBorrowed", cBatched, 1.8),
  figure("receive the largest datagrams", "drain-65507", "forEach", dgram, 0.2),
  figure("send to 1,000 peers", "fan-out", "sendAll, with source", dgram, 0.65),
  figure("send to 1,000 peers", "fan-out", "sendAll, with source", `${cBatched}, with source`, 1.2),
  figure("send segmented bulk", "bulk-send", `send, ${segmented}`, dgram, 0.1),
  figure("send segmented bulk", "bulk-send", `send, ${segmented}`, `C, ${segmented}`, 1.2),
  figure("receive merged bulk", "bulk-receive", `forEach, ${merged}`, dgram, 0.12),
  figure("receive merged bulk", "bulk-receive", `forEachBorrowed, ${merged}`, `C, ${merged}`, 1.6),
  figure("receive bulk taken apart", "bulk-receive", `forEach, ${split}`, dgram, 0.1),
  figure("hostile datagrams", "hostile", "forEach, hostile", "forEach, good", 1.2),
  figure("hostile datagrams", "hostile", "receiveBatch, hostile", "receiveBatch, good", 1.2),
  figure("hostile datagrams", "hostile", "runForEach, hostile", "runForEach, good", 1.2),
  figure("receive calls a datagram", "calls", "receiveBatch", undefined, 1 / 32),
  figure("timer late beside a flood, 99 in 100", "fairness", "forEach", undefined, 10e6),
  figure("timer late beside a flood, 99 in 100", "fairness", "receiveBatch", undefined, 10e6),
  figure("quiet socket late beside a flood, median", "fairness", "forEach", undefined, 1e6, 3),
  figure("quiet socket late beside a flood, median", "fairness", "receiveBatch", undefined, 1e6, 3),
  figure("growth a million datagrams", "memory", "forEach", undefined, 100_000),
  figure("growth a million datagrams", "memory", "receiveBatch", undefined, 100_000)
]

export interface Verdict {
  readonly figure: Figure
  /** Absent if the machine lacks the peer. */
  readonly value: Spread | undefined
  readonly reached: boolean | undefined
}

export const judge = (figure: Figure, series: ReadonlyArray<Series>): Verdict => {
  const candidate = series.find(({ name }) => name === figure.candidate)
  const against = series.find(({ name }) => name === figure.against)
  if (candidate === undefined || (figure.against !== undefined && against === undefined)) {
    return { figure, value: undefined, reached: undefined }
  }
  const value = against === undefined ? spread(candidate, figure.reading) : ratio(candidate, against, figure.reading)
  return { figure, value, reached: value.median <= figure.most }
}

/** Returns the figures whose own candidate or reading a workload that ran does not have. Peers of other languages may be missing. */
export const missing = ({ series, workload }: Measured): ReadonlyArray<string> =>
  figures
    .filter(
      (figure) =>
        figure.workload === workload.name &&
        series.length > 0 &&
        (workload.readings[figure.reading ?? 0] === undefined || series.every(({ name }) => name !== figure.candidate))
    )
    .map(({ candidate, workload }) => `${workload}: ${candidate}`)

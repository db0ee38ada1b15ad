/**
 * What is to be reached, and whether it was.
 */
import { ratio, type Series, spread, type Spread } from "./rounds.ts"
import { cBatched, dgram } from "./workload.ts"
import { merged, segmented } from "./workload/bulk.ts"

export interface Figure {
  readonly what: string
  readonly workload: string
  readonly candidate: string
  /** Absent: the reading itself is the figure. */
  readonly against?: string
  /** Reached up to here. */
  readonly most: number
  /** Which of the workload's readings, where it is not the first. */
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
  figure("receive a batch", "drain-100", "receiveBatch", dgram, 0.31),
  figure("receive a batch", "drain-100", "receiveBatch", cBatched, 1.25),
  figure("receive through a stream", "drain-100", "runForEach", dgram, 0.5),
  figure("receive borrowed", "drain-100", "forEachBorrowed", dgram, 0.28),
  figure("receive borrowed", "drain-100", "forEachBorrowed", cBatched, 1.1),
  figure("event-driven, 1 to 8 a wake-up", "wakeups", "forEach", dgram, 0.6),
  figure("send to 1,000 peers", "fan-out", "sendAll, with source", dgram, 0.65),
  figure("send to 1,000 peers", "fan-out", "sendAll, with source", `${cBatched}, with source`, 1.2),
  figure("send segmented bulk", "bulk-send", `send, ${segmented}`, dgram, 0.1),
  figure("send segmented bulk", "bulk-send", `send, ${segmented}`, `C, ${segmented}`, 1.05),
  figure("receive coalesced bulk", "bulk-receive", `forEach, ${merged}`, dgram, 0.12),
  figure("receive coalesced bulk", "bulk-receive", `forEach, ${merged}`, `C, ${merged}`, 1.3),
  figure("ping-pong round trip", "ping-pong-64", "forEach and unsafeSend", dgram, 0.85),
  figure("memory of an idle socket", "idle", "forEach", dgram, 0.5),
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
  /** Absent: the machine lacks the peer. */
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

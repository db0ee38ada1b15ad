/**
 * A flooded socket among others. A C program sends to it as fast as it can, while a timer is set repeatedly, and another socket receives a
 * datagram every 10 ms. The lateness of the timer and of these datagrams is measured.
 */
import { Effect } from "effect"
import { turn } from "../arrivals.ts"
import type { Peers } from "../peers.ts"
import type { Candidate } from "../rounds.ts"
import { plain, reader } from "../sockets.ts"
import { dgram } from "../names.ts"
import { time, type Workload } from "../workload.ts"
import { reads } from "./drain.ts"

const bytes = 100
const lasts = 500
const timer = 1
/** Milliseconds of a quick round, in which the quiet socket has some datagrams. */
const briefly = 100
/** Milliseconds to wait for the first datagram of the quiet socket. */
const patience = 20_000

/** The lateness in a round, in nanoseconds. */
class Late {
  readonly #timers: Array<number> = []
  readonly #quiet: Array<number> = []
  #flooded = 0

  /** A datagram of the flood. */
  count(hops: number): void {
    if (hops > 0) this.#flooded++
  }

  /** A datagram of the quiet socket, which contains its send time. */
  arrive(data: Uint8Array): void {
    const left = new DataView(data.buffer, data.byteOffset).getBigUint64(0, true)
    this.#quiet.push(Number(process.hrtime.bigint() - left))
  }

  async during(flood: Candidate["round"]): Promise<ReadonlyArray<number>> {
    this.#timers.length = this.#quiet.length = this.#flooded = 0
    let over = false
    const set = () => {
      const due = performance.now() + timer
      setTimeout(() => {
        this.#timers.push(Math.max(0, (performance.now() - due) * 1e6))
        if (!over) set()
      }, timer)
    }
    set()
    const start = performance.now()
    await flood()
    over = true
    const elapsed = (performance.now() - start) * 1e6
    await turn()
    for (const end = performance.now() + patience; this.#quiet.length === 0 && performance.now() < end;) await turn()
    const [timers, quiet] = [this.#timers, this.#quiet].map((each) => each.toSorted((a, b) => a - b))
    return [at(timers, 0.99), at(timers, 0.5), at(timers, 1), at(quiet, 0.5), at(quiet, 1), elapsed / this.#flooded]
  }
}

const at = (sorted: ReadonlyArray<number> = [], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

const flooded = (peers: Peers, late: Late, name: string, port: number, quiet: number, milliseconds: number) =>
  Effect.map(peers.c(name, "flood", port, quiet, bytes, milliseconds), (floods) =>
    floods.map(({ round }) => ({ name, round: () => late.during(round) }))
  )

const nodes = (peers: Peers, milliseconds: number) =>
  Effect.gen(function* () {
    const [flood, quiet] = [yield* plain, yield* plain]
    const late = new Late()
    flood.socket.on("message", (message) => late.count(message.length))
    quiet.socket.on("message", (message) => late.arrive(message))
    return yield* flooded(peers, late, dgram, flood.at.port, quiet.at.port, milliseconds)
  })

const ours = (peers: Peers, milliseconds: number, name: keyof typeof reads) =>
  Effect.gen(function* () {
    const [flood, quiet] = [yield* reader, yield* reader]
    const late = new Late()
    yield* Effect.forkScoped(reads[name](flood, (hops) => late.count(hops)))
    yield* Effect.forkScoped(quiet.forEach(({ data }) => late.arrive(data)))
    return yield* flooded(peers, late, name, flood.localAddress.port, quiet.localAddress.port, milliseconds)
  })

export const fairness: Workload = {
  name: "fairness",
  title: "A flooded socket, a timer of 1 ms and a quiet socket, 100 bytes",
  readings: [
    time("timer late, 99 in 100"),
    time("median"),
    time("most"),
    time("quiet socket late, median"),
    time("most"),
    time("a datagram of the flood")
  ],
  candidates: ({ peers, times }) => {
    const milliseconds = Math.max(briefly, times(lasts))
    return Effect.map(
      Effect.all([
        nodes(peers, milliseconds),
        ...(["forEach", "receiveBatch", "runForEach", "receive"] as const).map((name) =>
          ours(peers, milliseconds, name)
        )
      ]),
      (each) => each.flat()
    )
  }
}

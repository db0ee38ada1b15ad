/**
 * The workloads that read: a full socket, a few datagrams at each wake-up, and what of it noise does not touch.
 */
import { DatagramSockets } from "@ancillary/effect3"
import { Effect } from "effect"
import { clock, memory } from "../arrivals.ts"
import { cBatched, cSingle, type Workload } from "../workload.ts"
import { socketsBy } from "../sockets.ts"
import { type Drained, nodes, ours, reads } from "./drain.ts"

const drain = (bytes: number, burst: number, names: ReadonlyArray<keyof typeof reads>): Workload => ({
  name: `drain-${bytes}`,
  title: `Draining a full socket, ${bytes} bytes`,
  readings: ["a datagram"],
  unit: "µs",
  candidates: ({ peers, times }) => {
    const bursts = times(20)
    const drained: Drained = { bytes, burst: () => burst, bursts, gauge: clock, over: "sum" }
    return Effect.map(
      Effect.all([
        nodes(drained),
        peers.c(cBatched, "drain", "batched", bytes, burst, bursts),
        peers.c(cSingle, "drain", "one", bytes, burst, bursts),
        peers.python("Python, one a call", bytes, burst, bursts),
        ours(drained, names)
      ]),
      (each) => each.flat()
    )
  }
})

/** At the i-th wake-up: one to eight, each as often as the others. */
const few = (i: number): number => (i % 8) + 1

const wakeups: Workload = {
  name: "wakeups",
  title: "Event-driven, 1 to 8 datagrams a wake-up, 100 bytes",
  readings: ["a datagram"],
  unit: "µs",
  candidates: ({ peers, times }) => {
    const bursts = times(800)
    const drained: Drained = { bytes: 100, burst: few, bursts, gauge: clock, over: "sum" }
    return Effect.map(
      Effect.all([
        nodes(drained),
        peers.c(cBatched, "drain", "wakeups", "batched", 100, 8, bursts),
        peers.c(cSingle, "drain", "wakeups", "one", 100, 8, bursts),
        ours(drained, ["forEachBorrowed", "forEach", "receiveBatch", "runForEach", "receive"])
      ]),
      (each) => each.flat()
    )
  }
}

const allocation: Workload = {
  name: "allocation",
  title: "Memory allocated while draining a full socket, 100 bytes",
  readings: ["a datagram"],
  unit: "bytes",
  candidates: ({ times }) => {
    const drained: Drained = { bytes: 100, burst: () => 256, bursts: times(21), gauge: memory, over: "median" }
    return Effect.map(Effect.all([nodes(drained), ours(drained, all)]), (each) => each.flat())
  }
}

const calls: Workload = {
  name: "calls",
  title: "Receive calls while draining a full socket, 100 bytes",
  readings: ["a datagram"],
  unit: "calls",
  rounds: 2,
  candidates: ({ times }) => {
    let made = 0
    const drained: Drained = { bytes: 100, burst: () => 256, bursts: times(20), gauge: () => made, over: "sum" }
    // Each is one system call.
    const counted = socketsBy(({ receive }) => ({
      receive: (...args) => {
        made++
        return receive(...args)
      }
    }))
    return Effect.provideServiceEffect(ours(drained, all), DatagramSockets, counted)
  }
}

/**
 * What is ours of a datagram's time: a call of the kernel brings 64 datagrams, and the next ones find them in their places again, as often as is
 * said. One more is left in the kernel until then, so that the event loop goes on telling.
 */
const replay: Workload = {
  name: "replay",
  title: "Draining without the kernel: the same 64 datagrams handed over again and again, 100 bytes",
  readings: ["a datagram"],
  unit: "µs",
  candidates: ({ times }) => {
    const batch = 64
    const replays = times(100)
    const replayed = socketsBy(({ receive }) => {
      let left = 0
      return {
        receive: (arena, slots, peek) => {
          if (left > 0 && slots === batch) {
            left--
            return batch
          }
          const count = receive(arena, slots, peek)
          if (count === batch) left = replays
          return count
        }
      }
    })
    const expected = batch * (replays + 1) + 1
    const drained: Drained = {
      bytes: 100,
      burst: () => expected,
      sent: batch + 1,
      bursts: 1,
      gauge: clock,
      over: "sum"
    }
    return Effect.provideServiceEffect(
      ours(drained, ["forEachBorrowed", "forEach", "receiveBatch", "runForEachChunk", "runForEach"]),
      DatagramSockets,
      replayed
    )
  }
}

const all = [
  "forEachBorrowed",
  "forEach",
  "receiveBatch",
  "runForEachChunk",
  "runForEach",
  "mapEffect",
  "receive"
] as const

export const receiving: ReadonlyArray<Workload> = [
  drain(100, 256, all),
  drain(1200, 128, ["forEachBorrowed", "forEach", "receiveBatch", "runForEach"]),
  replay,
  wakeups,
  calls,
  allocation
]

/**
 * The library's part of a datagram's time. One system call receives 64 datagrams, and the next calls find them in their slots again. One more
 * datagram stays in the kernel until then, so that the event loop still reports the socket as readable.
 */
import { DatagramSockets } from "@ancillary/effect3"
import { Effect } from "effect"
import { cost } from "../gauge.ts"
import { socketsBy } from "../sockets.ts"
import { faults, time, type Workload } from "../workload.ts"
import { type Drained, ours } from "./drain.ts"

export const replay: Workload = {
  name: "replay",
  title: "Draining without the kernel: the same 64 datagrams handed over again and again, 100 bytes",
  readings: [time("a datagram"), faults],
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
      gauge: cost,
      over: "sum"
    }
    return Effect.provideServiceEffect(
      ours(drained, ["forEachBorrowed", "forEach", "receiveBatch", "runForEachChunk", "runForEach"]),
      DatagramSockets,
      replayed
    )
  }
}

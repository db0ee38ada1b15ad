/**
 * Receive calls, counted at the driver.
 */
import { DatagramSockets } from "@ancillary/effect3"
import { Effect } from "effect"
import { growth } from "../gauge.ts"
import { socketsBy } from "../sockets.ts"
import { callsOf, type Workload } from "../workload.ts"
import { allReads, type Drained, ours } from "./drain.ts"

export const calls: Workload = {
  name: "calls",
  title: "Receive calls while draining a full socket, 100 bytes",
  readings: [callsOf("a datagram")],
  rounds: 2,
  candidates: ({ times }) => {
    let made = 0
    const drained: Drained = {
      bytes: 100,
      burst: () => 256,
      bursts: times(20),
      gauge: () => growth(() => made),
      over: "sum"
    }
    // Each receive is one system call.
    const counted = socketsBy(({ receive }) => ({
      receive: (...args) => {
        made++
        return receive(...args)
      }
    }))
    return Effect.provideServiceEffect(ours(drained, allReads), DatagramSockets, counted)
  }
}

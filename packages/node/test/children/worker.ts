/** The program of a worker. It answers with its process id, and follows the order in the first byte. */
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit } from "@ancillary/effect3"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { orders } from "./orders.ts"

const spec = Datagram.ipv4.pipe(withHopLimit())

DatagramWorkers.runWorker(spec, ({ control, data, from }, socket) => {
  const answer = Effect.suspend(() => {
    const told = { pid: process.pid, hopLimit: control.hopLimit, asked: [...data] }
    return socket.send({ data: new TextEncoder().encode(JSON.stringify(told)), to: from })
  })
  switch (data[0]) {
    case orders.hold:
      return Effect.never
    case orders.answerLate:
      return Effect.zipRight(Effect.sleep("500 millis"), answer)
    case orders.exit:
      return Effect.sync(() => process.exit(7))
    case orders.spin:
      return Effect.sync(() => {
        for (;;);
      })
    case orders.crash:
      return Effect.sync(() => void setImmediate(() => Promise.reject(new Error("crashed as it was told"))))
    default:
      return answer
  }
}).pipe(Effect.provide(NodeSockets.layer), NodeRuntime.runMain)

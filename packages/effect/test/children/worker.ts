/** The program of a worker. It answers with the id of its process. */
import { Datagram, withPktInfo } from "@ancillary/effect"
import { DatagramWorkers, NodeSockets } from "@ancillary/effect/node"
import { Effect } from "effect"

const text = new TextEncoder()

await Effect.runPromise(
  DatagramWorkers.runWorker(Datagram.ipv4.pipe(withPktInfo()), (asked, socket) =>
    Datagram.reply(socket, asked, text.encode(String(process.pid)))
  ).pipe(Effect.provide(NodeSockets.layer))
)

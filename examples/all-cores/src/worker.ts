import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { spec } from "./spec.ts"

const text = new TextEncoder()

/** Answers from the address of the request, with the id of this process. */
DatagramWorkers.runWorker(spec, (asked, socket) =>
  Datagram.reply(socket, asked, text.encode(`process ${process.pid}`))
).pipe(Effect.provide(NodeSockets.layer), NodeRuntime.runMain)

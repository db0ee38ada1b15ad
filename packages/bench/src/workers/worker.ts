/**
 * A worker of `DatagramWorkers` that echoes.
 */
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { spec } from "./spec.ts"

DatagramWorkers.runWorker(spec, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(
  Effect.provide(NodeSockets.layer),
  NodeRuntime.runMain
)

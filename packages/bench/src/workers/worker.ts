/**
 * A worker of `DatagramWorkers` that echoes.
 */
import { NodeSockets } from "@ancillary/effect3/node"
import * as DatagramWorkers from "@ancillary/effect3/DatagramWorkers"
import { Datagram } from "@ancillary/effect3"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorkerRunner from "@effect/platform-node/NodeWorkerRunner"
import { Effect } from "effect"
import { spec } from "./spec.ts"

DatagramWorkers.runWorker(spec, (asked, socket) => Datagram.reply(socket, asked, asked.data)).pipe(
  Effect.provide([NodeSockets.layer, NodeWorkerRunner.layer]),
  NodeRuntime.runMain
)

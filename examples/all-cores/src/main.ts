import { NodeSockets } from "@ancillary/node"
import * as DatagramWorkers from "@ancillary/node/DatagramWorkers"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeWorker from "@effect/platform-node/NodeWorker"
import { Effect } from "effect"
import { spec } from "./spec.ts"

const server = Effect.gen(function* () {
  // `npm run build` makes worker.js of it.
  const program = new URL(import.meta.url.endsWith(".ts") ? "worker.ts" : "worker.js", import.meta.url)
  const workers = yield* DatagramWorkers.serve(spec, { address: "0.0.0.0", port: 5302 }, { program, workers: 2 })
  yield* Effect.log(`listening on ${String(workers.localAddress)}`)
  // Interrupted (SIGINT, SIGTERM), the workers answer what they have begun; ended by a worker that cannot be kept.
  return yield* workers.join
})

server.pipe(Effect.scoped, Effect.provide([NodeSockets.layer, NodeWorker.layerManager]), NodeRuntime.runMain)

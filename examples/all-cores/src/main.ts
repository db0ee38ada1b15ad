import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { spec } from "./spec.ts"

const server = Effect.gen(function* () {
  // `npm run build` compiles worker.ts to worker.js.
  const program = new URL(import.meta.url.endsWith(".ts") ? "worker.ts" : "worker.js", import.meta.url)
  const workers = yield* DatagramWorkers.serve(spec, { address: "0.0.0.0", port: 5302 }, { program, workers: 2 })
  yield* Effect.log(`listening on ${String(workers.localAddress)}`)
  // On SIGINT or SIGTERM the workers finish the answers that they have begun. The program fails if a worker is given
  // up.
  return yield* workers.awaitFailure
})

server.pipe(Effect.scoped, Effect.provide(NodeSockets.layer), NodeRuntime.runMain)

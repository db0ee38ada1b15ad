/**
 * Starts one worker of `DatagramWorkers`, and sends to its parent the time until it served, its processor time, and its resident bytes.
 */
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Effect, Option } from "effect"
import { wall } from "../clock.ts"
import { loopback } from "../sockets.ts"
import { spec } from "./spec.ts"
import { used } from "./used.ts"

const measured = Effect.gen(function* () {
  const start = wall()
  const workers = yield* DatagramWorkers.serve(spec, loopback, {
    program: new URL("worker.js", import.meta.url),
    workers: 1
  })
  const elapsed = wall() - start
  const pid = (yield* workers.workers).flatMap(({ pid }) => Option.toArray(pid))[0] ?? 0
  const [resident, processor] = used(pid)
  return [elapsed, processor, resident]
})

const values = await Effect.runPromise(measured.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))
process.send?.(values, () => process.exit(0))

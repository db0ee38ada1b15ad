/**
 * Binds one socket as README's program does: `NodeSockets` and Effect 3.
 */
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Effect } from "effect"
import { report } from "./report.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

const program = Effect.gen(function* () {
  yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
  report()
  return yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

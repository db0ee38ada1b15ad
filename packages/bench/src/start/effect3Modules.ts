/**
 * Binds one socket as README's program does, and imports each module of Effect 3 by its own name.
 */
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit, withPktInfo } from "@ancillary/effect3"
import * as Effect from "effect/Effect"
import { report } from "./report.ts"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

const program = Effect.gen(function* () {
  yield* Datagram.bind(spec, { address: "127.0.0.1", port: 0 })
  report()
  return yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

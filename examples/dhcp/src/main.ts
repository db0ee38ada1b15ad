import { Interfaces } from "@ancillary/effect3"
import { NodeSockets } from "@ancillary/effect3/node"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { server } from "./server.ts"

/** Only interfaces that are named are served. A second server on a link would take its hosts from the network. */
const names = process.argv.slice(2)

const program = Effect.gen(function* () {
  if (names.length === 0) return yield* Effect.dieMessage("Give the names of the interfaces to serve.")
  yield* server(names)
  yield* Effect.log(`serving ${names.join(", ")}`)
  return yield* Effect.never
})

// SIGINT and SIGTERM interrupt it: requests that are being answered get their reply, then the socket is closed.
NodeRuntime.runMain(
  program.pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Interfaces.layer, NodeSockets.layer)))
)

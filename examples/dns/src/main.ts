import { Datagram, serve, withPktInfo } from "@ancillary/effect"
import { NodeSockets } from "@ancillary/effect/node"
import { Effect } from "effect"
import { answer } from "./answer.ts"
import { exampleZone } from "./zone.ts"

/** One socket for both families, and for every address of this host. */
const spec = Datagram.dual.pipe(withPktInfo())

const program = Effect.gen(function* () {
  const server = yield* serve(spec, { address: "::", port: Number(process.env["PORT"] ?? 5353) }, (query, socket) => {
    const bytes = answer(exampleZone, query.data)
    // The answer leaves from the address that was asked. A resolver ignores any other.
    return bytes === undefined ? Effect.void : Datagram.reply(socket, query, bytes)
  })
  yield* Effect.log(`answering for ${exampleZone.name} on ${server.localAddress}`)
  return yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

import { Datagram, serve, withPktInfo } from "@ancillary/effect"
import { NodeSockets } from "@ancillary/effect/node"
import { Effect } from "effect"
import { answer } from "./answer.ts"
import { exampleZone } from "./zone.ts"

/** One socket for both families, and for every address of this host. */
const spec = Datagram.dual.pipe(withPktInfo())

/** Answers are longer than questions, and a resolver proves no address. The rate of responses is limited instead. */
const options = { amplification: Infinity, responseRate: { perSecond: Number(process.env["RATE"] ?? 200) } }

const program = Effect.gen(function* () {
  const at = { address: "::", port: Number(process.env["PORT"] ?? 5353) }
  const server = yield* serve(
    spec,
    at,
    (query, socket) => {
      const bytes = answer(exampleZone, query.data)
      // The answer leaves from the address that was asked. A resolver ignores any other.
      return bytes === undefined ? Effect.void : Datagram.reply(socket, query, bytes)
    },
    options
  )
  yield* Effect.log(`answering for ${exampleZone.name} on ${server.localAddress}`)
  return yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

/** A successor that takes the sockets of its predecessor, stops it, and never serves. Argument: the path of the hand-over. */
import { HandOver, LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Effect } from "effect"

const [path = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const handOver = yield* HandOver.make({ path })
  yield* handOver.bind("worker", Datagram.ipv4, { address: "127.0.0.1", port: 0 })
  yield* handOver.serve(
    Effect.zipRight(
      Effect.sync(() => process.stdout.write("the predecessor has stopped")),
      Effect.never
    )
  )
})

void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

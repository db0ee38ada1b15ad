/** A server that prints the process ids of its workers, and then waits to be killed. Its argument is the URL of their program. */
import { DatagramWorkers, NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit } from "@ancillary/effect3"
import { Effect, Option } from "effect"

const [worker = ""] = process.argv.slice(2)

const program = Effect.gen(function* () {
  const spec = Datagram.ipv4.pipe(withHopLimit())
  const at = { address: "127.0.0.1", port: 0 }
  const server = yield* DatagramWorkers.serve(spec, at, { program: new URL(worker), workers: 2 })
  process.stdout.write(JSON.stringify((yield* server.workers).map(({ pid }) => Option.getOrThrow(pid))))
  return yield* server.awaitFailure
})

Effect.runFork(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

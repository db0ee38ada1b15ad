/**
 * Ends the process while datagrams arrive at a socket: `ending.ts WAY`. Node then turns its event loop once more to close its own handles, so
 * this socket is reported although no code may run any more. A process that crashes has no exit code of 7.
 */
import { createServer } from "node:net"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram } from "@ancillary/effect3"
import { Effect } from "effect"

const [, , way = ""] = process.argv

const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(Datagram.ipv4, { address: "127.0.0.1", port: 0 })
  const flood = () => {
    for (let i = 0; i < 64; i++) socket.trySend({ data: Uint8Array.of(1), to: socket.localAddress })
  }
  // A handle that Node closes when the process ends.
  createServer().listen(0, "127.0.0.1")
  process.on("exit", () => {
    flood()
    process.exitCode = 7
  })
  let seen = 0
  yield* Effect.fork(
    socket.forEach(() => {
      if (++seen === 3 && way === "report") process.exit(7)
    })
  )
  setInterval(flood, 1)
  yield* Effect.sleep("20 millis")
  if (way === "exit") process.exit(7)
  if (way === "throw") setImmediate(() => JSON.parse("no JSON"))
  if (way === "reject") void Promise.reject(new Error("mine"))
  yield* Effect.never
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

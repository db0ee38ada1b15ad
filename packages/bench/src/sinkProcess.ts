/**
 * `sinkProcess.js WAY|node COUNT`: prints its port, reads in that way until it has so many datagrams, and prints that it is done. Ends with its
 * standard input.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"
import { plain, reader } from "./sockets.ts"
import { isWay, reads } from "./workload/drain.ts"

const [, , way, wanted] = process.argv
let left = Number(wanted)
const count = () => {
  if (--left === 0) console.log("done")
}
process.stdin.on("end", () => process.exit(0)).resume()

const nodes = Effect.flatMap(plain, ({ at, socket }) => {
  socket.on("message", count)
  console.log(at.port)
  return Effect.never
})

const ours = (name: keyof typeof reads) =>
  Effect.flatMap(reader, (socket) => {
    console.log(socket.localAddress.port)
    return reads[name](socket, count)
  })

await Effect.runPromise((isWay(way) ? ours(way) : nodes).pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

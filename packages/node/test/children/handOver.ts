/**
 * A worker that takes the socket of its predecessor, and hands it to its successor. It answers each datagram with its payload, the index of the
 * worker and the id of its process. Arguments: the path of the hand-over, the port, the index, and the number of workers.
 */
import { HandOver, LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, serveOn, withPktInfo, withReceiveBufferSize, withSteering } from "@ancillary/effect3"
import { Effect } from "effect"

const [path = "", port, index, workers] = process.argv.slice(2)
const key = { sockets: Number(workers), key: "payload", offset: 0, length: 4 } as const
const spec = Datagram.ipv4.pipe(withPktInfo(), withSteering(key), withReceiveBufferSize(1 << 20))
const suffix = new Uint8Array(8)
new DataView(suffix.buffer).setUint32(0, Number(index))
new DataView(suffix.buffer).setUint32(4, process.pid)

const program = Effect.gen(function* () {
  const handOver = yield* HandOver.make({ path })
  const passed = yield* handOver.unclaimed
  const socket = yield* handOver.bind("worker", spec, { address: "127.0.0.1", port: Number(port) })
  yield* handOver.begin
  yield* serveOn(socket, (asked) => Datagram.reply(socket, asked, Buffer.concat([asked.data, suffix])))
  process.stdout.write(JSON.stringify({ passed, port: socket.localAddress.port }))
  yield* handOver.awaitSuccessor
})

void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

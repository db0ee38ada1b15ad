/**
 * A server that takes the socket of its predecessor, and hands it to its successor. It answers each datagram with its payload and the id of its
 * process. Arguments: the path of the hand-over, and `serves` or `hangs`: a server that hangs stops its predecessor and never serves.
 */
import { Datagram, serveOn, withPktInfo, withReceiveBufferSize } from "@ancillary/effect"
import { HandOver, LinuxSockets } from "@ancillary/effect/node"
import { Effect } from "effect"

const [path = "", kind] = process.argv.slice(2)
const spec = Datagram.ipv4.pipe(withPktInfo(), withReceiveBufferSize(1 << 20))
const suffix = new Uint8Array(4)
new DataView(suffix.buffer).setUint32(0, process.pid)

const program = Effect.gen(function* () {
  const handOver = yield* HandOver.make({ path })
  const socket = yield* handOver.bind("echo", spec, { address: "127.0.0.1", port: 0 })
  const report = Effect.sync(() => process.stdout.write(String(socket.localAddress.port)))
  const serves = serveOn(socket, (asked) => Datagram.reply(socket, asked, Buffer.concat([asked.data, suffix])))
  yield* handOver.serve(kind === "hangs" ? Effect.andThen(report, Effect.never) : Effect.andThen(serves, report))
})

void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

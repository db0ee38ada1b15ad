/** A service of systemd: it takes the socket "dns" that was passed, binds another one, stores it, and answers on the first. */
import { HandOver, LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, serveOn, withPktInfo } from "@ancillary/effect3"
import { Effect } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo())
const at = { address: "127.0.0.1", port: 0 }

const program = Effect.gen(function* () {
  const handOver = yield* HandOver.make({ store: true })
  const socket = yield* handOver.bind("dns", spec, at)
  const own = yield* handOver.bind("own", spec, at)
  yield* handOver.begin
  process.stdout.write(JSON.stringify({ pid: process.pid, own: own.localAddress.port }))
  yield* serveOn(socket, (asked) => Datagram.reply(socket, asked, asked.data))
  return yield* Effect.never
})

void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

/**
 * Runs inside a namespace: joins a group of each family on the interface of its argument, prints a line when it listens, and prints each
 * received datagram.
 */
import { readFileSync } from "node:fs"
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit, withMulticastAll, withPktInfo } from "@ancillary/effect3"
import { Console, Effect, Stream } from "effect"

const [device = "lo"] = process.argv.slice(2)
const interfaceIndex = Number(readFileSync(`/sys/class/net/${device}/ifindex`, "utf8"))

const program = Effect.gen(function* () {
  const spec = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withMulticastAll(false))
  const socket = yield* Datagram.bind(spec, { address: "::", port: 5397 })
  yield* socket.join("239.77.5.5", { interfaceIndex })
  yield* socket.join("ff15::775", { interfaceIndex })
  yield* Console.log("listening")
  yield* Stream.runForEach(socket.datagrams, ({ control, data, delivery }) =>
    Console.log(
      JSON.stringify({
        text: String.fromCharCode(...data),
        destination: String(control.pktInfo.destination),
        interfaceIndex: control.pktInfo.interfaceIndex,
        hopLimit: control.hopLimit,
        delivery
      })
    )
  )
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

/**
 * Runs inside a namespace: binds both families, prints a line when it listens, and then prints the control data of each datagram as a line of
 * JSON.
 */
import { LinuxSockets } from "@ancillary/effect3/node"
import { Datagram, withDscp, withEcn, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Console, Effect, Stream } from "effect"

const port = 5398
const observed = (socket: Effect.Effect.Success<typeof bound>) =>
  Stream.runForEach(socket.datagrams, ({ control, data, delivery, from }) =>
    Console.log(
      JSON.stringify({
        text: String.fromCharCode(...data),
        from: String(from.address),
        destination: String(control.pktInfo.destination),
        interfaceIndex: control.pktInfo.interfaceIndex,
        hopLimit: control.hopLimit,
        dscp: control.dscp,
        ecn: control.ecn,
        delivery
      })
    )
  )
const spec = Datagram.dual.pipe(withPktInfo(), withHopLimit(), withEcn(), withDscp())
const bound = Datagram.bind(spec, { address: "::", port })

const program = Effect.gen(function* () {
  const socket = yield* bound
  yield* Console.log("listening")
  yield* observed(socket)
})
void Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

// A server that replies from the requested address.
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Effect, Stream } from "effect"

const spec = Datagram.ipv4.pipe(withPktInfo(), withHopLimit())

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "0.0.0.0", port: 5300 })
  yield* Stream.runForEach(socket.datagrams, (asked) => {
    const hops: number = asked.control.hopLimit
    const index: number = asked.control.pktInfo.interfaceIndex
    return Effect.zipRight(
      Effect.log(`asked at ${asked.control.pktInfo.destination} on ${index}, ${hops} hops left`),
      Datagram.reply(socket, asked, asked.data)
    )
  })
})
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

// One socket for both families. The timestamp is optional.
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withDscp, withEcn, withOptional, withPktInfo, withTimestamp } from "@ancillary/effect3"
import { Effect, Option, Stream } from "effect"

const spec = Datagram.dual.pipe(withPktInfo(), withEcn(), withDscp(), withOptional(withTimestamp()))

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "::", port: 5300 })
  yield* Stream.runForEach(socket.datagrams, (asked) => {
    const at: bigint = Option.getOrElse(asked.control.timestamp, () => 0n)
    if (asked.from.address.family === "ipv4") return Effect.log(`an IPv4 peer looks like one: ${asked.from.address}`)
    if (asked.control.ecn === "ce") {
      return socket.send({ data: asked.data, to: asked.from, control: { dscp: 46, ecn: "ect0" } })
    }
    return Effect.zipRight(Effect.log(at), Datagram.reply(socket, asked, asked.data))
  })
})
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

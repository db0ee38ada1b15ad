// Sending: several pieces, control data per datagram, only one direction, optional fields.
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withDscp, withHopLimit, withPktInfo } from "@ancillary/effect3"
import { Effect } from "effect"

const spec = Datagram.ipv6.pipe(withHopLimit({ only: "send" }), withPktInfo({ only: "receive" }), withDscp())

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "::1", port: 0 })
  const to = { address: "::1", port: 5300 }
  const header = new Uint8Array(12)
  const body = new Uint8Array(1200)
  yield* socket.send({ data: [header, body], to, control: { hopLimit: 3 } })
  yield* socket.send({ data: body, to })
  const kept = { dscp: 46, hopLimit: 255 }
  yield* socket.send({ data: body, to, control: kept })
  const answer = yield* socket.receive
  yield* Effect.log(answer.control.pktInfo.destination.toString(), answer.control.dscp)
})
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

// The distance of a host in hops: a ping whose reply has a hop limit.
import { Codec, IcmpEcho } from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import { Datagram, withHopLimit } from "@ancillary/effect3"
import { Effect, Option } from "effect"

const request = { kind: "request", sequence: 1, data: new Uint8Array(8) } as const

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.connect(Datagram.icmp6.pipe(withHopLimit()), { address: "2001:db8::1", port: 0 })
  const data = IcmpEcho.encode("ipv6", request)
  if (Codec.isMalformed(data)) return Option.none()
  yield* socket.send({ data, control: { hopLimit: 64 } })
  const answer = yield* socket.receiveWithin("1 second")
  return Option.filterMap(answer, ({ control, data }) => {
    const reply = IcmpEcho.decode("ipv6", data)
    return !Codec.isMalformed(reply) && IcmpEcho.matches(request, reply) ? Option.some(control.hopLimit) : Option.none()
  })
})
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeSockets.layer)))

// Timestamps, drop counts and a device: the types require Linux.
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withBindToDevice,
  withDropCount,
  withReceiveBufferSize,
  withRoutingHeader,
  withTimestamp
} from "@ancillary/effect3"
import { Effect, Option, Stream } from "effect"

const spec = Datagram.ipv6.pipe(
  withTimestamp(),
  withDropCount(),
  withRoutingHeader({ maximumBytes: 256 }),
  withBindToDevice("eth0"),
  withReceiveBufferSize(4 << 20)
)

export const program = Effect.gen(function* () {
  const socket = yield* Datagram.bind(spec, { address: "::", port: 123 })
  yield* socket.datagrams.pipe(
    Stream.map(({ control }) => ({
      at: control.timestamp,
      lost: Option.getOrElse(control.dropCount, () => 0),
      headers: control.routingHeader.length
    })),
    Stream.runForEach(Effect.log)
  )
})
export const main = () => Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(LinuxSockets.layer)))

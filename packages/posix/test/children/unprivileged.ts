/** Sends extension headers, and sets sticky ones, without the privilege for them. Prints the results. */
import { ExtensionHeader } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withDestinationOptions,
  withHopByHopOptions,
  withHopLimit,
  withStickyHopByHopOptions,
  withStickyRoutingHeader
} from "@ancillary/effect3"
import { Effect } from "effect"

const described = (error: { readonly _tag: string; readonly message: string }) =>
  Object.assign({}, error, { message: error.message.replace(/:\d+ with/, ":port with") })
const data = Uint8Array.of(1)
const at = { address: "::1", port: 0 }
const header = { options: [ExtensionHeader.routerAlert(0)] }

const program = Effect.gen(function* () {
  const spec = Datagram.ipv6.pipe(withHopLimit(), withDestinationOptions(), withHopByHopOptions())
  const socket = yield* Datagram.bind(spec, at)
  const to = socket.localAddress
  const sent = [
    yield* Effect.flip(socket.send({ data, to, control: { hopByHopOptions: header } })),
    yield* Effect.flip(socket.send({ data, to, control: { hopLimit: 9, destinationOptions: header } }))
  ]
  yield* socket.send({ data, to, control: { hopLimit: 9 } })
  const { hopLimit } = (yield* socket.receive).control
  const sticky = yield* Effect.flip(Datagram.bind(Datagram.ipv6.pipe(withStickyHopByHopOptions(header)), at))
  yield* Datagram.bind(Datagram.ipv6.pipe(withStickyRoutingHeader({ kind: "segments", addresses: ["::", "::1"] })), at)
  return { sent: sent.map(described), hopLimit, sticky: described(sticky), routed: true }
}).pipe(Effect.scoped, Effect.provide(LinuxSockets.layer))

console.log(JSON.stringify(await Effect.runPromise(program)))

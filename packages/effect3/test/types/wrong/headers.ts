// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import type { ExtensionHeader } from "@ancillary/control"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  withDestinationOptions,
  withHopByHopOptions,
  withNextHop,
  withOptional,
  withRoutingHeader
} from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"

const at = { address: "::1", port: 9 }
const data = new Uint8Array(1)
declare const sourceRoute: ExtensionHeader.SourceRoute

// ---- capabilities that the layer lacks, by direction

// error: 'Capability<"sentRoutingHeader">' is not assignable to type 'never'
// held by: the needs of messages
// held by: the needs of a direction
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader({ also: "send" })), at)).pipe(
    Effect.provide(LinuxSockets.layer)
  )
)

// error: 'Capability<"sentRoutingHeader">' is not assignable to type 'never'
// held by: the needs of messages
// held by: the needs of a direction
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader({ only: "send" })), at)).pipe(
    Effect.provide(LinuxSockets.layer)
  )
)

// error: 'Capability<"nextHop">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withNextHop()), at)).pipe(Effect.provide(LinuxSockets.layer))
)

// error: 'Capability<"destinationOptions">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withDestinationOptions()), at)).pipe(
    Effect.provide(WinsockSockets.layer)
  )
)

// ---- families

// error: 'hopByHopOptions' does not exist for dual sockets
// held by: the check for families
Datagram.dual.pipe(withHopByHopOptions())

// error: 'hopByHopOptions' does not exist for ipv4 sockets
// held by: the check for families
Datagram.icmp4.pipe(withHopByHopOptions())

// error: 'nextHop' does not exist for ipv4 sockets
// held by: the check for families
Datagram.ipv4.pipe(withOptional(withNextHop({ type: 9 })))

export const program = Effect.gen(function* () {
  const spec = Datagram.ipv6.pipe(withRoutingHeader(), withHopByHopOptions(), withNextHop({ type: 9 }))
  const socket = yield* Datagram.bind(spec, at)
  // error: 'routingHeader' cannot be sent on this socket: its spec does not declare it for sending
  // held by: a receive-only message not being sent
  // held by: the refusal of undeclared keys
  // held by: ReceiveOnly narrowing the direction
  yield* socket.send({ data, to: at, control: { routingHeader: { kind: "homeAddress", address: "::1" } } })

  const router = yield* Datagram.bind(Datagram.ipv6.pipe(withRoutingHeader({ also: "send" })), at)
  // error: Type '"sourceRoute"' is not assignable to type '"segments"'
  // held by: no source route being sent
  // held by: the type of a given value
  yield* router.send({ data, to: at, control: { routingHeader: sourceRoute } })

  const odd = { options: [{ type: 30, data, alignment: { x: 3, y: 0 } as const }] }
  // error: Type '3' is not assignable to type '1 | 2 | 4 | 8'
  // held by: alignments to powers of two
  // held by: the type of a given value
  yield* socket.send({ data, to: at, control: { hopByHopOptions: odd } })

  const datagram = yield* socket.receive
  // error: Property 'nextHop' does not exist
  // held by: the record of received control data
  return datagram.control.nextHop
})

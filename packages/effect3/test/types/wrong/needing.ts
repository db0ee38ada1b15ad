// @ts-nocheck: these must not compile; ../compile.types.test.ts takes this line out and reads what the compiler says.
import { NodeSockets } from "@ancillary/effect3/node"
import { DarwinSockets, LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  serve,
  type Spec,
  withBindToDevice,
  withDropCount,
  withOriginalArrivalInterface,
  withTimestamp
} from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"

const at = { address: "127.0.0.1", port: 9 }

// ---- what the layer lacks

const arrival = Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withOriginalArrivalInterface()), at))

// says: 'Capability<"originalArrivalInterface">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(arrival.pipe(Effect.provide(NodeSockets.layer)))

// says: 'Capability<"originalArrivalInterface">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(arrival.pipe(Effect.provide(LinuxSockets.layer)))

const counting = Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withDropCount()), at))

// says: 'Capability<"dropCount">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(counting.pipe(Effect.provide(WinsockSockets.layer)))

// says: 'Capability<"dropCount">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(counting.pipe(Effect.provide(DarwinSockets.layer)))

const stamping = Effect.scoped(Datagram.connect(Datagram.ipv6.pipe(withTimestamp()), at))

// says: 'Capability<"timestamp">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(stamping.pipe(Effect.provide(NodeSockets.layer)))

const serving = Effect.scoped(serve(Datagram.ipv6.pipe(withTimestamp()), at, () => Effect.void))

// says: 'Capability<"timestamp">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(serving.pipe(Effect.provide(NodeSockets.layer)))

const onDevice = Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("eth0")), at))

// says: 'Capability<"bindToDevice">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(onDevice.pipe(Effect.provide(NodeSockets.layer)))

// says: Type 'Capability<"bindToDevice">' is not assignable to type 'never'
// held by: the needs of options
export const forgotten: Spec<"ipv4", never> = Datagram.ipv4.pipe(withBindToDevice("eth0"))

// ---- no layer, no scope

// says: 'DatagramSockets' is not assignable to type 'never'
// held by: bind needing a driver
Effect.runPromise(Effect.scoped(Datagram.bind(Datagram.ipv4, at)))

// says: 'Scope' is not assignable to type 'never'
// held by: bind needing a scope
Effect.runPromise(Datagram.bind(Datagram.ipv4, at).pipe(Effect.provide(NodeSockets.layer)))

// ---- an address that is none of the family's

// says: 'path' does not exist in type
// held by: an address of the family
Datagram.bind(Datagram.ipv4, { path: "/run/echo.sock" })

// says: 'address' does not exist in type
// held by: an address of the family
Datagram.bind(Datagram.unix, { address: "127.0.0.1", port: 9 })

// says: Type '"ipv4"' is not assignable to type '"unix"'
// held by: a pair being of Unix sockets
Datagram.pair(Datagram.ipv4)

// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
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

// ---- capabilities that the layer lacks

const arrival = Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withOriginalArrivalInterface()), at))

// error: 'Capability<"originalArrivalInterface">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(arrival.pipe(Effect.provide(NodeSockets.layer)))

// error: 'Capability<"originalArrivalInterface">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(arrival.pipe(Effect.provide(LinuxSockets.layer)))

const counting = Effect.scoped(Datagram.bind(Datagram.ipv6.pipe(withDropCount()), at))

// error: 'Capability<"dropCount">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(counting.pipe(Effect.provide(WinsockSockets.layer)))

// error: 'Capability<"dropCount">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(counting.pipe(Effect.provide(DarwinSockets.layer)))

const stamping = Effect.scoped(Datagram.connect(Datagram.ipv6.pipe(withTimestamp()), at))

// error: 'Capability<"timestamp">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(stamping.pipe(Effect.provide(NodeSockets.layer)))

const serving = Effect.scoped(serve(Datagram.ipv6.pipe(withTimestamp()), at, () => Effect.void))

// error: 'Capability<"timestamp">' is not assignable to type 'never'
// held by: the needs of messages
Effect.runPromise(serving.pipe(Effect.provide(NodeSockets.layer)))

const onDevice = Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withBindToDevice("eth0")), at))

// error: 'Capability<"bindToDevice">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(onDevice.pipe(Effect.provide(NodeSockets.layer)))

// error: Type 'Capability<"bindToDevice">' is not assignable to type 'never'
// held by: the needs of options
export const forgotten: Spec<"ipv4", never> = Datagram.ipv4.pipe(withBindToDevice("eth0"))

// ---- no layer, no scope

// error: 'DatagramSockets' is not assignable to type 'never'
// held by: bind needing a driver
Effect.runPromise(Effect.scoped(Datagram.bind(Datagram.ipv4, at)))

// error: 'Scope' is not assignable to type 'never'
// held by: bind needing a scope
Effect.runPromise(Datagram.bind(Datagram.ipv4, at).pipe(Effect.provide(NodeSockets.layer)))

// ---- an address of another family

// error: 'path' does not exist in type
// held by: an address of the family
Datagram.bind(Datagram.ipv4, { path: "/run/echo.sock" })

// error: 'address' does not exist in type
// held by: an address of the family
Datagram.bind(Datagram.unix, { address: "127.0.0.1", port: 9 })

// error: Type '"ipv4"' is not assignable to type '"unix"'
// held by: a pair being of Unix sockets
Datagram.pair(Datagram.ipv4)

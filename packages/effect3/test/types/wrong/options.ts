// @ts-nocheck: These must not compile. ../compile.types.test.ts removes this line and reads the errors.
import { type Capability, Codec, type Ipv4Address, type Ipv6Address } from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import { DarwinSockets, LinuxSockets } from "@ancillary/effect3/node"
import {
  type ConnectedSocket,
  Datagram,
  type DatagramSocket,
  SocketOption,
  withAutoFlowLabel,
  withBroadcast,
  withDefaultHopLimit,
  withDefaultMark,
  withDefaultPriority,
  withDefaultTrafficClass,
  withDontFragment,
  withExclusiveUse,
  withFreebind,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withMulticastLoopback,
  withPathMtuDiscovery,
  withReusePort,
  withSocketOption,
  withSteering,
  withTransparent,
  withUnicastInterface
} from "@ancillary/effect3"
import { WinsockSockets } from "@ancillary/effect3/node"
import { Effect } from "effect"

const at = { address: "127.0.0.1", port: 9 }
declare const four: DatagramSocket<"ipv4", never>
declare const six: DatagramSocket<"ipv6", never>
declare const both: DatagramSocket<"dual", never>
declare const unix: DatagramSocket<"unix", never>
declare const fourth: Ipv4Address
declare const sixth: Ipv6Address
declare const connected: ConnectedSocket<"ipv6", never>

// ---- a family that does not have it

// error: this option does not exist for ipv6 sockets
// held by: the families of options
Datagram.ipv6.pipe(withBroadcast())

// error: this option does not exist for ipv4 sockets
// held by: the families of options
Datagram.ipv4.pipe(withAutoFlowLabel(false))

// error: this option does not exist for unix sockets
// held by: the families of options
Datagram.unix.pipe(withDefaultHopLimit(9))

// error: this option does not exist for unix sockets
// held by: the families of options
Datagram.unix.pipe(withMulticastLoopback(false), withDontFragment())

// error: this option does not exist for unix sockets
// held by: the families of options
// held by: the families of options within combine
Datagram.unix.pipe(Datagram.combine(withMulticastHopLimit(1), withMulticastInterface(2)))

// error: this option does not exist for ipv6 sockets
// held by: the families of options
Datagram.ipv6.pipe(withSocketOption(SocketOption.broadcast, true))

// error: this option does not exist for ipv6 sockets
// held by: the families of options
// held by: the family of a socket
six.setOption(SocketOption.broadcast, true)

// error: this option does not exist for unix sockets
// held by: the families of options
// held by: the family of a socket
unix.getOption(SocketOption.defaultHopLimit)

// error: this option does not exist for ipv6 sockets
// held by: the families of options
connected.setOption(SocketOption.broadcast, true)

// ---- a value of another type

// error: Argument of type 'number' is not assignable to parameter of type 'boolean'
// held by: the value of an option's type
Datagram.ipv4.pipe(withSocketOption(SocketOption.broadcast, 1))

// error: Argument of type 'boolean' is not assignable to parameter of type 'number'
// held by: the value of a live option's type
four.setOption(SocketOption.receiveBufferSize, true)

// error: Argument of type '"always"' is not assignable to parameter of type 'PathMtuMode'
// held by: the modes of path MTU discovery
withPathMtuDiscovery("always")

// error: Argument of type '"always"' is not assignable to parameter of type 'PathMtuMode'
// held by: the modes of path MTU discovery
// held by: the value of a live option's type
four.setOption(SocketOption.pathMtuDiscovery, "always")

// ---- capabilities that the layer lacks

// error: 'Capability<"freebind">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withFreebind()), at)).pipe(Effect.provide(DarwinSockets.layer))
)

// error: 'Capability<"transparent">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withTransparent()), at)).pipe(Effect.provide(WinsockSockets.layer))
)

// error: 'Capability<"multicastAll">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withMulticastAll(false)), at)).pipe(Effect.provide(NodeSockets.layer))
)

// error: 'Capability<"unicastInterface">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withUnicastInterface(2)), at)).pipe(
    Effect.provide(DarwinSockets.layer)
  )
)

// error: 'Capability<"reusePort">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withReusePort()), at)).pipe(Effect.provide(WinsockSockets.layer))
)

// error: 'Capability<"steering">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withSteering({ sockets: 2, key: "source" })), at)).pipe(
    Effect.provide(DarwinSockets.layer)
  )
)

// error: 'Capability<"exclusiveUse">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withExclusiveUse()), at)).pipe(Effect.provide(LinuxSockets.layer))
)

// error: 'Capability<"defaultTrafficClass">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withDefaultTrafficClass(184)), at)).pipe(
    Effect.provide(WinsockSockets.layer)
  )
)

// error: 'Capability<"pathMtuDiscovery">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withPathMtuDiscovery("do")), at)).pipe(
    Effect.provide(DarwinSockets.layer)
  )
)

// error: 'Capability<"defaultPriority">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withDefaultPriority(1)), at)).pipe(Effect.provide(DarwinSockets.layer))
)

// error: 'Capability<"defaultMark">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withDefaultMark(1)), at)).pipe(Effect.provide(NodeSockets.layer))
)

// error: 'Capability<"autoFlowLabel">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withAutoFlowLabel(false)), at)).pipe(
    Effect.provide(WinsockSockets.layer)
  )
)

// error: 'Capability<"freebind">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.dual.pipe(withSocketOption(SocketOption.freebind, true)), at)).pipe(
    Effect.provide(NodeSockets.layer)
  )
)

// ---- defining

const row = { level: 1, option: 46, codec: Codec.int32 }
const none = { unsupported: "no such thing" }

// error: Property 'darwin' is missing in type
// held by: an option's table of every platform
SocketOption.define<number, "ipv4">({ name: "OWN", table: { linux: { ipv4: row }, winsock: { ipv4: none } } })

SocketOption.define<number, "ipv4" | "ipv6">({
  name: "OWN",
  table: {
    // error: Property 'ipv6' is missing in type
    // held by: an option's table of every family
    linux: { ipv4: row },
    winsock: { ipv4: none, ipv6: none },
    darwin: { ipv4: none, ipv6: none }
  }
})

SocketOption.define<boolean, "ipv4">({
  name: "OWN",
  table: {
    linux: {
      // error: Type 'Codec<number>' is not assignable to type 'Codec<boolean>'
      // held by: the codec of an option's value
      ipv4: { level: 1, option: 46, codec: Codec.int32 }
    },
    winsock: { ipv4: none },
    darwin: { ipv4: none }
  }
})

const own = SocketOption.define<number, "ipv4", Capability<"busyPoll">>({
  name: "OWN",
  table: { linux: { ipv4: row }, winsock: { ipv4: none }, darwin: { ipv4: none } }
})

// error: 'Capability<"busyPoll">' is not assignable to type 'never'
// held by: the needs of options
Effect.runPromise(
  Effect.scoped(Datagram.bind(Datagram.ipv4.pipe(withSocketOption(own, 50)), at)).pipe(
    Effect.provide(LinuxSockets.layer)
  )
)

// ---- groups

// error: 'Refused<"a Unix socket joins no groups">'
// held by: a Unix socket joining no groups
// held by: the family of a socket
unix.join("239.1.2.3")

// error: 'Refused<"a Unix socket joins no groups">'
// held by: a Unix socket joining no groups
// held by: the family of a socket
unix.block("239.1.2.3", "192.0.2.1")

// error: is not assignable to parameter of type 'string | Ipv4Address'
// held by: a group of the socket's family
four.join(sixth)

// error: Type 'Ipv4Address' is not assignable to type 'string | Ipv6Address | undefined'
// held by: a group of the socket's family
six.join("ff15::1", { source: fourth })

// error: Property 'join' does not exist on type 'ConnectedSocket<"ipv6", never>'
// held by: a connected socket joining no groups
connected.join("ff15::1")

// error: 'Scope' is not assignable to type 'never'
// held by: a membership needing a scope
Effect.runPromise(both.join("239.1.2.3"))

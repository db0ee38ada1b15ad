// Options and groups: declared, set and got on an open socket, joined for a scope.
import { Codec } from "@ancillary/control"
import { NodeSockets } from "@ancillary/effect3/node"
import { LinuxSockets } from "@ancillary/effect3/node"
import {
  Datagram,
  SocketOption,
  withAutoFlowLabel,
  withBroadcast,
  withDefaultHopLimit,
  withDefaultMark,
  withDefaultPriority,
  withDefaultTrafficClass,
  withDontFragment,
  withFreebind,
  withMulticastAll,
  withMulticastHopLimit,
  withMulticastInterface,
  withMulticastLoopback,
  withPathMtuDiscovery,
  withPktInfo,
  withReuseAddress,
  withReusePort,
  withSendBufferSize,
  withSocketOption,
  withSteering,
  withTransparent,
  withUnicastInterface
} from "@ancillary/effect3"
import { Effect, Option } from "effect"

// Options of every platform require no capability.
const everywhere = Datagram.dual.pipe(
  withBroadcast(),
  withDefaultHopLimit(9),
  withDontFragment(),
  withMulticastHopLimit(4),
  withMulticastInterface(2),
  withMulticastLoopback(false),
  withReuseAddress(),
  withSendBufferSize(1 << 20),
  withPktInfo()
)
const onLinux = Datagram.combine(
  withAutoFlowLabel(false),
  withDefaultMark(7),
  withDefaultPriority(2),
  withDefaultTrafficClass(184),
  withFreebind(),
  withMulticastAll(false),
  withPathMtuDiscovery("probe"),
  withReusePort(),
  withSteering({ sockets: 4, key: "connectionId", offset: 0, length: 1 }),
  withTransparent(),
  withUnicastInterface(2)
)

const busyPoll = SocketOption.define<number, "ipv4" | "ipv6">({
  name: "SO_BUSY_POLL",
  table: {
    linux: {
      ipv4: { level: 1, option: 46, codec: Codec.int32 },
      ipv6: { level: 1, option: 46, codec: Codec.int32 }
    },
    darwin: { ipv4: { unsupported: "only Linux polls devices" }, ipv6: { unsupported: "only Linux polls devices" } },
    winsock: { ipv4: { unsupported: "only Linux polls devices" }, ipv6: { unsupported: "only Linux polls devices" } }
  }
})

const live = Effect.gen(function* () {
  const socket = yield* Datagram.bind(everywhere, { address: "::", port: 5300 })
  yield* socket.setOption(SocketOption.receiveBufferSize, 4 << 20)
  const granted: number = yield* socket.getOption(SocketOption.receiveBufferSize)
  const device: string | undefined = yield* socket.getOption(SocketOption.bindToDevice)
  const mode: "dont" | "want" | "do" | "probe" | "interface" | "omit" = yield* socket.getOption(
    SocketOption.pathMtuDiscovery
  )
  yield* socket.setOption(SocketOption.unicastInterface, undefined)
  yield* socket.join("239.1.2.3")
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* socket.join("ff15::1234", { interfaceIndex: 2, source: "2001:db8::1" })
      yield* socket.block("239.1.2.3", "192.0.2.1")
      const { from } = yield* socket.receive
      // The sender of a received datagram can be blocked.
      yield* socket.block("239.1.2.3", from.address, { interfaceIndex: 2 })
    })
  )
  return [granted, Option.fromNullable(device), mode]
}).pipe(
  Effect.catchTag("DatagramOptionError", ({ message, option, reason }) => Effect.logError(option, reason, message)),
  Effect.catchTag("DatagramMembershipError", ({ group, message, reason }) => Effect.logError(group, reason, message))
)

export const main = [
  () => Effect.runPromise(live.pipe(Effect.scoped, Effect.provide(NodeSockets.layer))),
  () =>
    Effect.runPromise(
      Datagram.connect(Datagram.ipv6.pipe(onLinux, withSocketOption(busyPoll, 50)), { address: "::1", port: 9 }).pipe(
        Effect.flatMap((socket) => socket.setOption(SocketOption.defaultTrafficClass, 0)),
        Effect.scoped,
        Effect.provide(LinuxSockets.layer)
      )
    )
]

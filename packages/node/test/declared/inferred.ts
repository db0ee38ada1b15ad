/**
 * A module of a program that exports inferred types. It is compiled with `declaration: true` against the installed
 * packages. Each of these types must have a name that the program can write.
 */
import {
  DatagramWorkers,
  HostName,
  LinuxSockets,
  NodeSockets,
  WinsockSockets,
  WsaMsg,
  WsaSocket
} from "@ancillary/effect3/node"
import {
  Capabilities,
  Datagram,
  DatagramSockets,
  Descriptor,
  Interfaces,
  serve,
  serveOn,
  SocketOption,
  withBackpressure,
  withBroadcast,
  withChecksum,
  withCoalescedSize,
  withCoalescing,
  withCounterTimestamp,
  withCredentials,
  withDestinationOptions,
  withDropCount,
  withDscp,
  withEcn,
  withErrorReports,
  withFlowLabel,
  withFragmentSize,
  withHopByHopOptions,
  withHopLimit,
  withIpOptions,
  withMark,
  withMulticastInterface,
  withNextHop,
  withOptional,
  withOriginalArrivalInterface,
  withOriginalDestination,
  withPathMtuReports,
  withPidFd,
  withPktInfo,
  withPriority,
  withReusePort,
  withRights,
  withRoutingHeader,
  withScatter,
  withSegmentation,
  withTimestamp,
  withTimestamping,
  withTrafficClass,
  withTransmitTime,
  withTransmitTimestamps,
  withUnfragmented
} from "@ancillary/effect3"
import { FaultyDriver } from "@ancillary/testing"
import { Effect, Stream } from "effect"

export const pktInfo = withPktInfo()
export const received = withPktInfo({ only: "receive" })
export const sent = withHopLimit({ only: "send" })
export const optional = withOptional(withTimestamp())
export const several = Datagram.combine(withPktInfo(), withHopLimit(), withBroadcast())
export const option = withReusePort()

export const ipv4 = Datagram.ipv4.pipe(
  withPktInfo(),
  withHopLimit(),
  withEcn(),
  withDscp(),
  withTimestamp(),
  withDropCount(),
  withOriginalDestination(),
  withFragmentSize(),
  withChecksum(),
  withIpOptions(),
  withMark(),
  withPriority(),
  withErrorReports(),
  withTransmitTimestamps(),
  withReusePort(),
  withBackpressure("drop")
)
export const ipv6 = Datagram.ipv6.pipe(
  withPktInfo({ only: "receive" }),
  withTrafficClass(),
  withTimestamping(),
  withFlowLabel(),
  withUnfragmented(),
  withHopByHopOptions(),
  withDestinationOptions(),
  withRoutingHeader(),
  withPathMtuReports(),
  withMulticastInterface(2)
)
export const next = Datagram.ipv6.pipe(withNextHop(), withRoutingHeader({ also: "send" }))
export const windows = Datagram.ipv4.pipe(withCounterTimestamp(), withOriginalArrivalInterface())
export const dual = Datagram.dual.pipe(withOptional(withTransmitTime()), withCoalescing(), withSegmentation())
export const merged = Datagram.ipv4.pipe(withCoalescedSize(), withScatter(12, 1200))
export const unix = Datagram.unix.pipe(withRights({ maximum: 3 }), withCredentials(), withPidFd())
export const specs = { ipv4, ipv6, dual, unix }

const at = { address: "127.0.0.1", port: 0 }
export const bound = Datagram.bind(ipv4, at)
export const bound6 = Datagram.bind(ipv6, { address: "::1", port: 0 })
export const boundDual = Datagram.bind(dual, { address: "::", port: 0 })
export const boundNext = Datagram.bind(next, { address: "::1", port: 0 })
export const boundWindows = Datagram.bind(windows, at)
export const boundMerged = Datagram.bind(merged, at)
export const connected = Datagram.connect(ipv4, at)
export const client = Datagram.client(ipv4)
export const pair = Datagram.pair(unix)
export const adopted = Datagram.adopt(ipv6, 3)
export const ping = Datagram.client(Datagram.icmp4)

export const datagram = Effect.flatMap(bound, (socket) => socket.receive)
export const datagram6 = Effect.flatMap(bound6, (socket) => socket.receive)
export const control = Effect.map(datagram, ({ control }) => control)
export const control6 = Effect.map(datagram6, ({ control }) => control)
export const controlDual = Effect.map(
  Effect.flatMap(boundDual, (socket) => socket.receive),
  ({ control, from }) => [control, from] as const
)
export const controlUnix = Effect.flatMap(pair, ([first]) => Effect.map(first.receive, ({ control }) => control))
export const controlMerged = Effect.flatMap(boundMerged, (socket) => Effect.map(socket.receive, (each) => each.control))
export const controlWindows = Effect.flatMap(boundWindows, (socket) =>
  Effect.map(socket.receive, (each) => each.control)
)
export const batch = Effect.flatMap(bound, (socket) => socket.receiveBatch)
export const datagrams = Stream.unwrap(Effect.map(bound, (socket) => socket.datagrams))
export const outcomes = Stream.unwrap(Effect.map(bound, (socket) => socket.outcomes))
export const events = Stream.unwrap(Effect.map(bound, (socket) => socket.events))
export const stats = Effect.flatMap(bound, (socket) => socket.stats)
export const limits = Effect.flatMap(bound, (socket) => socket.limits)
export const address = Effect.map(bound6, (socket) => socket.localAddress)
export const addressDual = Effect.map(boundDual, (socket) => socket.localAddress)
export const membership = Effect.flatMap(bound, (socket) => socket.join("239.1.1.1"))
export const granted = Effect.flatMap(bound, (socket) => socket.getOption(SocketOption.receiveBufferSize))
export const taken = Effect.flatMap(controlUnix, ({ rights: [first] }) =>
  first === undefined ? Effect.succeed(0) : Descriptor.take(first)
)

export const errors = {
  bind: Effect.flip(bound),
  receive: Effect.flip(datagram),
  send: Effect.flatMap(bound, (socket) => Effect.flip(socket.send({ data: new Uint8Array(1), to: at }))),
  option: Effect.flip(granted),
  membership: Effect.flip(membership),
  descriptor: Effect.flip(taken),
  host: Effect.flip(HostName.resolve("dual", { host: "localhost", port: 1 }))
}
export const answered = serve(Datagram.ipv4.pipe(withPktInfo()), at, (asked, socket) =>
  Datagram.reply(socket, asked, asked.data)
)
export const answering = Effect.flatMap(bound, (socket) => serveOn(socket, () => Effect.void))
export const handler = (asked: Effect.Effect.Success<typeof datagram>) => asked.control.pktInfo

export const explained = Datagram.explain
export const probed = Capabilities.probe
export const interfaces = Effect.flatMap(Interfaces, (all) => all.list)
export const interfaceLayer = Interfaces.layer
export const options = { ...SocketOption }
export const layers = {
  node: NodeSockets.layer,
  linux: LinuxSockets.layer,
  winsock: WinsockSockets.layer,
  own: DatagramSockets.layer(LinuxSockets.driver(), LinuxSockets.capabilities),
  faulty: DatagramSockets.layer(
    Effect.map(LinuxSockets.driver(), (driver) => FaultyDriver.wrap(driver, { decideSend: () => FaultyDriver.lose })),
    LinuxSockets.capabilities
  )
}
export const resolved = HostName.resolve("dual", { host: "localhost", port: 1 })
export const workers = DatagramWorkers.serve(ipv4, at, { program: "worker.js" })
export const work = DatagramWorkers.runWorker(ipv4, (asked) => Effect.log(asked.from))
export const wsaSocket = WsaSocket.open("ipv6")
export const wsaReceived = Effect.flatMap(
  Effect.all([wsaSocket, WsaMsg.make({ buffers: [1], control: 64 })]),
  ([socket, message]) => WsaMsg.receive(socket, message)
)

/**
 * For each public function, a call with valid arguments, into which hostile values are then inserted. A function
 * without an entry fails the test.
 */
import {
  Abi,
  Codec,
  ControlBuffer,
  Descriptor,
  HopLimit,
  InternetEndpoint,
  Ipv4Address,
  Ipv6Address,
  UnixEndpoint
} from "@ancillary/control"
import { Datagram, type DatagramSocket, Plan, SocketOption, withHopLimit } from "@ancillary/effect3"
import { faultOf } from "@ancillary/engine/receive/DatagramFault"
import { orUndefined } from "@ancillary/engine/spec/Maybe"
import { Effect, Schedule } from "effect"

/**
 * - `pure` returns or throws. An exception of the library names the argument; an exception of the value may pass.
 * - `bytes` has no error channel and works on memory of its caller (views, ABIs, numbers). Any exception at the call
 *   is the caller's fault.
 * - `part` makes a part of a spec, which is then bound.
 * - `promise` returns a promise that never rejects. Its result is a value, a fault, or the reason for its absence.
 * - `layer` makes a layer, which is then built as an effect.
 * - `effect` makes an effect, which then ends by itself, fails with a typed error, or waits and can be interrupted.
 */
export interface Entry {
  readonly kind: "bytes" | "effect" | "layer" | "part" | "pure"
  readonly args: (bench: Bench) => ReadonlyArray<unknown>
  /** The class of a member. */
  readonly self?: () => object
  /** The spec that contains the part. */
  readonly spec?: unknown
}

export interface Bench {
  /** A socket that declares packet information and a hop limit, and a datagram that it received. */
  readonly socket: DatagramSocket<"ipv4", never>
  readonly asked: unknown
}

const abi = Abi.linuxGlibc64
const view = () => new DataView(new ArrayBuffer(64))
const at = { address: "127.0.0.1", port: 0 }
const data = () => Uint8Array.of(1, 2, 3)
const four = () => Ipv4Address.of(127, 0, 0, 1)
const six = () => Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, 1])
const endpoint = () => new InternetEndpoint("ipv4", four(), 7)
const option = { type: 0x1e, data: Uint8Array.of(1), alignment: { x: 1, y: 0 } }
const raw = () => ({ level: 0, type: 2, payload: data() })
const request = () => ({ kind: "request", sequence: 1, data: data() })

const pure = (...args: ReadonlyArray<unknown>): Entry => ({ kind: "pure", args: () => args })
const bytes = (args: () => ReadonlyArray<unknown>, self?: () => object): Entry => ({
  kind: "bytes",
  args,
  ...(self === undefined ? {} : { self })
})
const member = (self: () => object, ...args: ReadonlyArray<unknown>): Entry => ({
  kind: "pure",
  args: () => args,
  self
})
const part = (spec: unknown, ...args: ReadonlyArray<unknown>): Entry => ({ kind: "part", args: () => args, spec })
const effect = (args: (bench: Bench) => ReadonlyArray<unknown>): Entry => ({ kind: "effect", args })

const control: { readonly [name: string]: Entry } = {
  "Codec.bytes": bytes(() => [{ minimum: 1, maximum: 8 }]),
  "Codec.isInteger": bytes(() => [1, 0, 2]),
  "Codec.isMalformed": pure({ malformed: "it is", offset: 0 }),
  "Codec.format": pure({ a: 1 }),
  "Codec.transform": bytes(() => [Codec.uint8, { read: (value: number) => value, write: (value: number) => value }]),
  "new ControlBuffer.Cursor": bytes(() => [abi]),
  "ControlBuffer.Cursor#reset": bytes(
    () => [view(), 0, 64],
    () => new ControlBuffer.Cursor(abi)
  ),
  "ControlBuffer.Cursor#next": bytes(
    () => [],
    () => new ControlBuffer.Cursor(abi)
  ),
  "ControlBuffer.data": bytes(() => [abi, 0]),
  "ControlBuffer.firstHeader": bytes(() => [abi, view()]),
  "ControlBuffer.fromMessages": bytes(() => [abi, [raw()]]),
  "ControlBuffer.headerSize": bytes(() => [abi]),
  "ControlBuffer.length": bytes(() => [abi, 4]),
  "ControlBuffer.nextHeader": bytes(() => [abi, view(), 0]),
  "ControlBuffer.readField": bytes(() => [view(), 0, { at: 0, bytes: 4 }]),
  "ControlBuffer.space": bytes(() => [abi, 4]),
  "ControlBuffer.toMessages": bytes(() => [abi, new Uint8Array(64)]),
  "ControlBuffer.writeField": bytes(() => [view(), 0, { at: 0, bytes: 4 }, 1]),
  "ControlBuffer.writeHeader": bytes(() => [abi, view(), 0, 0, 2, 4]),
  "ControlBuffer.writeMessage": bytes(() => [abi, view(), 0, raw()]),
  "new Descriptor": bytes(() => [3]),
  "Descriptor#become": member(() => new Descriptor(3), "taken"),
  "Descriptor#toString": member(() => new Descriptor(3)),
  "Descriptor#toJSON": member(() => new Descriptor(3)),
  "ExtensionHeader.buildOptions": pure({ options: [option] }),
  "ExtensionHeader.buildRouting": pure({ kind: "segments", segments: [six()], segmentsLeft: 0, flags: 0, tag: 0 }),
  "ExtensionHeader.parseOptions": pure(new Uint8Array(8)),
  "ExtensionHeader.parseRouting": pure(new Uint8Array(8)),
  "ExtensionHeader.routerAlert": bytes(() => [0]),
  "GroupRequest.write": bytes(() => [abi, { group: Ipv4Address.of(239, 0, 0, 1), interfaceIndex: 1, source: four() }]),
  "Steering.indexOf": bytes(() => [{ sockets: 2, key: "source" }, data(), four()]),
  "Steering.validate": pure({ sockets: 2, key: "source" }),
  "Steering.write": bytes(() => [{ sockets: 2, key: "payload", offset: 0, length: 4 }]),
  "Steering.writePointer": bytes(() => [abi, new Uint8Array(8), 4096]),
  "GroupRequest.writeMreq": bytes(() => [{ group: Ipv4Address.of(239, 0, 0, 1), interfaceIndex: 1 }]),
  "IcmpEcho.decode": pure("ipv4", new Uint8Array(8)),
  "IcmpEcho.encode": pure("ipv4", request()),
  readAddress: pure("::1"),
  "IcmpExtension.decode": pure(new Uint8Array(8)),
  "IcmpEcho.matches": bytes(() => [request(), { ...request(), kind: "reply", identifier: 1 }]),
  "new InternetEndpoint": bytes(() => ["ipv4", four(), 7]),
  "InternetEndpoint#equals": member(endpoint, endpoint()),
  "InternetEndpoint#hash": member(endpoint),
  "InternetEndpoint#toString": member(endpoint),
  "new Ipv4Address": bytes(() => [1]),
  "Ipv4Address.of": bytes(() => [127, 0, 0, 1]),
  "Ipv4Address.parse": pure("127.0.0.1"),
  "Ipv4Address#equals": member(four, four()),
  "Ipv4Address#hash": member(four),
  "Ipv4Address#toString": member(four),
  "new Ipv6Address": bytes(() => [0, 0, 0, 1, 0]),
  "Ipv6Address.of": bytes(() => [[0, 0, 0, 0, 0, 0, 0, 1], 0]),
  "Ipv6Address.fromIpv4": bytes(() => [four()]),
  "Ipv6Address.parse": pure("::1"),
  "Ipv6Address#toIpv4": member(six),
  "Ipv6Address#withZone": bytes(() => [1], six),
  "Ipv6Address#equals": member(six, six()),
  "Ipv6Address#hash": member(six),
  "Ipv6Address#toString": member(six),
  "SocketAddress.read": bytes(() => [abi, view(), 0, 16]),
  "SocketAddress.readIpv6": bytes(() => [view(), 0, 0]),
  "SocketAddress.validateUnixPath": bytes(() => [abi, "/tmp/x"]),
  "SocketAddress.size": bytes(() => [abi, "ipv4"]),
  "SocketAddress.write": bytes(() => [abi, endpoint(), view(), 0, false]),
  "SocketAddress.writeIpv6": bytes(() => [view(), 0, six()]),
  "new UnixEndpoint": pure("/tmp/x"),
  "UnixEndpoint#equals": member(() => new UnixEndpoint("/tmp/x"), new UnixEndpoint("/tmp/y")),
  "UnixEndpoint#hash": member(() => new UnixEndpoint("/tmp/x")),
  "UnixEndpoint#toString": member(() => new UnixEndpoint("/tmp/x")),
  coalescing: pure({ maximumBytes: 1000 }),
  define: pure({ key: "mine", presence: "required", table: ownTable() }),
  endpoint: pure("ipv4", at),
  isUnsupported: pure({ unsupported: "it is" }),
  isMessage: pure(HopLimit),
  destinationOptions: pure({ type: 60 }),
  nextHop: pure({ type: 9 }),
  parseAddress: pure("::1"),
  timestamping: pure({ software: true, hardware: false }),
  transmitTime: pure({ clock: "tai" })
}

function ownTable(): unknown {
  const row = {
    request: [{ level: 0, option: 12, value: 1 }],
    receive: [{ level: 0, type: 2, payload: Codec.int32 }],
    send: { level: 0, type: 2, payload: Codec.int32 }
  }
  return { linux: { ipv4: row }, darwin: { ipv4: { unsupported: "no" } }, winsock: { ipv4: { unsupported: "no" } } }
}

const { dual, ipv4, ipv6, unix } = Datagram
const plan = Plan.compile(ipv4, abi)
const header = { options: [option] }

const socket: { readonly [name: string]: Entry } = {
  "Steering.indexOf": bytes(() => [{ sockets: 2, key: "source" }, data(), four()]),
  "Capabilities.probe": effect(() => [[HopLimit]]),
  "Datagram.adopt": effect(() => [ipv4, 1_000_000]),
  "Datagram.bind": effect(() => [ipv4, at]),
  "Datagram.allowance": effect(({ socket }) => [socket, endpoint()]),
  "Datagram.client": effect(() => [ipv4]),
  "Datagram.combine": part(ipv4, withHopLimit()),
  "Datagram.connect": effect(() => [ipv4, { address: "127.0.0.1", port: 9 }, { local: at }]),
  "Datagram.explain": pure(ipv4, abi),
  "Datagram.pair": effect(() => [unix]),
  "Datagram.reply": effect(({ asked, socket }) => [socket, asked, data()]),
  "Datagram.tryReply": { kind: "pure", args: ({ asked, socket }) => [socket, asked, data()] },
  "Datagram.validate": effect(({ socket }) => [socket, endpoint()]),
  "DatagramClient.make": effect(() => [ipv4, { key: () => 1, retransmit: Schedule.recurs(2), timeout: "1 second" }]),
  "DatagramFault#toString": member(() => faultOf(orUndefined, "DataTruncated", undefined, undefined, "it is a test")),
  "DatagramFault#toJSON": member(() => faultOf(orUndefined, "DataTruncated", undefined, undefined, "it is a test")),
  "DatagramSockets.driver": effect(() => [() => ({ feature: "none", why: "it is a test", remedy: "Do nothing" })]),
  "DatagramSockets.layer": pure(Effect.fail("none"), ["timestamp"]),
  "Descriptor.take": effect(() => [new Descriptor(3)]),
  "Plan.compile": bytes(() => [ipv4, abi]),
  "Plan.errorArena": bytes(() => [plan, 4]),
  "Plan.receiveArena": bytes(() => [plan, 4]),
  "Plan.sendArena": bytes(() => [plan, 4]),
  "SocketOption.define": pure({
    name: "MINE",
    table: { linux: { ipv4: { level: 1, option: 46, codec: Codec.int32 } }, darwin: {}, winsock: {} }
  }),
  serve: effect(() => [ipv4, at, () => Effect.void, { concurrency: 4, shutdown: 0 }]),
  serveAll: effect(() => [ipv4, [at], () => Effect.void, { concurrency: 4, shutdown: 0 }]),
  serveInterfaces: effect(() => [
    ipv4,
    { port: 0, matches: () => true, interval: "1 second" },
    () => Effect.void,
    { concurrency: 4, shutdown: 0 }
  ]),
  serveLayer: { kind: "layer", args: () => [ipv4, at, () => Effect.void, { concurrency: 4, shutdown: 0 }] },
  serveSessions: effect(() => [ipv4, at, () => Effect.void, { key: () => 1, inbox: 4, shutdown: 0 }]),
  serveOn: effect(({ socket }) => [socket, () => Effect.void, { concurrency: 4, shutdown: 0 }]),
  withAutoFlowLabel: part(ipv6, true),
  withBackpressure: part(ipv4, "drop"),
  withBindToDevice: part(ipv4, "lo"),
  withBroadcast: part(ipv4),
  withChecksum: part(ipv4),
  withCoalescedSize: part(ipv4, { maximumBytes: 1000 }),
  withCoalescing: part(ipv4, { maximumBytes: 1000 }),
  withControlMessage: part(ipv4, HopLimit),
  withCounterTimestamp: part(ipv4),
  withCredentials: part(unix, { only: "receive" }),
  withDefaultHopLimit: part(ipv4, 7),
  withDefaultMark: part(ipv4, 7),
  withDefaultPriority: part(ipv4, 3),
  withDefaultTrafficClass: part(ipv4, 4),
  withDestinationOptions: part(ipv6, { only: "receive" }),
  withDontFragment: part(ipv4),
  withDropCount: part(ipv4),
  withDscp: part(ipv4, { only: "receive" }),
  withEcn: part(ipv4, { only: "receive" }),
  withErrorReports: part(ipv4),
  withExclusiveUse: part(ipv4),
  withFlowLabel: part(ipv6, { only: "receive" }),
  withFragmentSize: part(ipv4),
  withFreebind: part(ipv4),
  withHopByHopOptions: part(ipv6, { only: "receive" }),
  withHopLimit: part(ipv4, { only: "receive" }),
  withIpOptions: part(ipv4, { only: "receive" }),
  withMark: part(ipv4, { only: "send" }),
  withMaximumDatagramSize: part(ipv4, 1000),
  withMulticastAll: part(ipv4, false),
  withMulticastHopLimit: part(ipv4, 2),
  withMulticastInterface: part(ipv4, 1),
  withMulticastLoopback: part(ipv4, false),
  withNextHop: part(ipv6, { type: 9 }),
  withOptional: part(ipv4, withHopLimit()),
  withOriginalArrivalInterface: part(ipv4),
  withOriginalDestination: part(ipv4),
  withPathMtuDiscovery: part(ipv4, "always"),
  withPathMtuReports: part(ipv6),
  withPidFd: part(unix),
  withPktInfo: part(dual, { only: "send" }),
  withPriority: part(ipv4, { only: "send" }),
  withReceiveBufferSize: part(ipv4, 10_000),
  withReuseAddress: part(ipv4),
  withReusePort: part(ipv4),
  withRights: part(unix, { maximum: 3, only: "receive" }),
  withRoutingHeader: part(ipv6, { only: "receive" }),
  withScatter: part(ipv4, 10, 20),
  withSegmentation: part(ipv4),
  withSendBufferSize: part(ipv4, 10_000),
  withSocketOption: part(ipv4, SocketOption.defaultHopLimit, 7),
  withSteering: part(ipv4, { sockets: 2, key: "payload", offset: 0, length: 4 }),
  withStickyDestinationOptions: part(ipv6, header),
  withStickyHopByHopOptions: part(ipv6, header),
  withStickyRouteOptions: part(ipv6, header),
  withStickyRoutingHeader: part(ipv6, { kind: "segments", segments: [six()], segmentsLeft: 0 }),
  withTimestamp: part(ipv4),
  withTimestamping: part(ipv4, { software: true, hardware: false }),
  withTrafficClass: part(ipv4, { only: "receive" }),
  withTransmitTime: part(ipv4, { clock: "monotonic" }),
  withTransmitTimestamps: part(ipv4),
  withTransparent: part(ipv4),
  withTruncation: part(ipv4, "drop"),
  withUnfragmented: part(ipv6),
  withUnicastInterface: part(ipv4, 1)
}

const node: { readonly [name: string]: Entry } = {
  "DarwinSockets.driver": effect(() => [{ guarded: true }]),
  "HandOver.make": effect(() => [{ patience: 0, store: false }]),
  "HostName.resolve": effect(() => ["ipv4", { host: "127.0.0.1", port: 7 }]),
  "LinuxSockets.driver": effect(() => [{ guarded: true }]),
  "WinsockSockets.driver": effect(() => [{ guarded: true }]),
  "WsaMsg.make": effect(() => [{ name: 28, buffers: [8], control: 64 }]),
  "WsaMsg.receive": effect(() => [{}, {}, { peek: true }]),
  "WsaMsg.send": effect(() => [{}, {}]),
  "WsaSocket.open": effect(() => ["ipv4"])
}

const posix: { readonly [name: string]: Entry } = {
  "DarwinSockets.driver": pure({ guarded: true }),
  "LinuxSockets.driver": pure({ guarded: true })
}

const winsock: { readonly [name: string]: Entry } = {
  "WinsockSockets.driver": pure({ guarded: true }),
  "WsaMsg.make": pure({ name: 28, buffers: [8], control: 64 }),
  "WsaMsg.receive": pure({}, {}, { peek: true }),
  "WsaMsg.send": pure({}, {}),
  "WsaSocket.open": pure("ipv4"),
  isWsaFault: pure({ errno: 0 })
}

export const entries: { readonly [pack: string]: { readonly [name: string]: Entry } } = {
  control,
  socket,
  node,
  posix,
  winsock
}

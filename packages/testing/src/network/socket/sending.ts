/** Sends a datagram of a socket: its path, its size, and the packet that goes out. */
import { type Address, type Family, isOfInterface, unspecified, withoutZone } from "../address.ts"
import type { Device } from "../ip/device.ts"
import { icmpHeaderSize, icmpOf, sealed } from "../ip/icmp.ts"
import {
  type ExtensionBytes,
  headerSize,
  noBytes,
  type Packet,
  protocols,
  type Train,
  udpBody,
  udpHeaderSize
} from "../ip/packet.ts"
import type { Path } from "../ip/routes.ts"
import { recorded } from "../ip/recordRoute.ts"
import type { Stack } from "../ip/stack.ts"
import { autobind, isLocalSource, isMartian, ownSource, peerAddress, refuseFamily, type Sharing } from "./binding.ts"
import type { ErrorName } from "./errors.ts"
import { pathMtuModes } from "./pathMtu.ts"
import type { SentControl } from "./sent.ts"
import { asPacket, type End, isMapped, type SocketState } from "./socket.ts"

/** Parts of the host that sending needs. */
export interface Sender extends Sharing {
  readonly stack: Stack
  readonly now: () => bigint
}

/** Linux: more cannot go in one call (`UDP_MAX_SEGMENTS`). */
const mostSegments = 128
const mostBytes = 0xffff

/** The path of a datagram, and its addresses. */
interface Course {
  readonly destination: Address
  readonly port: number
  readonly path: Path
  readonly source: Address
}

/** Sends a datagram. Without `to` it goes to the connected peer. */
export const send = (
  sender: Sender,
  socket: SocketState,
  to: End | undefined,
  data: Uint8Array,
  readControl: (family: Family) => SentControl | ErrorName
): ErrorName | undefined => {
  // Linux: a socket gets a port before anything else can go wrong.
  const notBound = autobind(sender, socket)
  if (notBound !== undefined) return notBound
  if (data.length > mostBytes) return "EMSGSIZE"
  const end = to ?? socket.peer
  if (end === undefined) return "EDESTADDRREQ"
  const unreachable = refuseFamily(socket, end.address)
  if (unreachable !== undefined) return unreachable
  // Linux: an IPv4 peer of a socket for IPv6 is named, even if the socket is connected to it.
  const isNamed = to !== undefined || isMapped(end.address)
  if (isNamed && end.port === 0 && socket.protocol === "udp") return "EINVAL"
  const sent = readControl(peerAddress(socket, end.address, undefined).family)
  if (typeof sent === "string") return sent
  const course = plot(sender, socket, end, sent)
  if (typeof course === "string") return course
  const made = headers(socket, course, sent)
  const segment = sent.segmentSize ?? socket.settings.segmentSize
  const isCut = socket.protocol === "udp" && segment > 0 && data.length > segment
  const tooLarge = isCut
    ? headerSize(made) + udpHeaderSize + data.length > mostBytes
      ? "EMSGSIZE"
      : undefined
    : refuseSize(sender, socket, made, course, data.length, sent)
  if (tooLarge !== undefined) return tooLarge
  if (socket.pending !== undefined) {
    const { pending } = socket
    socket.pending = undefined
    return pending
  }
  if (socket.sendBuffer.isFull) return "EAGAIN"
  const refused = isCut ? refuseSegments(sender, made, course, data.length, segment) : undefined
  if (refused !== undefined) return refused
  if (socket.protocol === "icmp") return sendEcho(sender, socket, made, course, data)
  const loopback = socket.settings[made.family].multicastLoopback !== 0
  const train: Train | undefined = isCut ? { size: segment } : undefined
  stamp(sender, socket, course, sent)
  const body = udpBody(made, socket.port, course.port, data)
  const identification = sender.stack.nextIdentification()
  sender.stack.output({ ...made, train, identification, body }, course.path, loopback)
  return undefined
}

const plot = (sender: Sender, socket: SocketState, end: End, sent: SentControl): Course | ErrorName => {
  const { routes } = sender
  const { settings } = socket
  const { family } = peerAddress(socket, end.address, undefined)
  const given = sent.source === undefined || sent.source.isUnspecified ? undefined : asPacket(sent.source)
  // Linux: packet information without a source means none for IPv4, and the bound address for IPv6.
  const isChosen = family === "ipv4" && sent.source !== undefined
  const own = given ?? (isChosen ? undefined : ownSource(sender, socket, family))
  const first = peerAddress(socket, end.address, own)
  // Linux: IPv4 looks at the source first, IPv6 at the interface.
  if (family === "ipv4" && own !== undefined && !isLocalSource(routes, socket, own, undefined))
    return own.isMulticast ? "EINVAL" : "ENETUNREACH"
  const index = deviceIndex(socket, first, end, sent)
  if (index === undefined) return "EINVAL"
  const device = index === 0 ? undefined : routes.device(index)
  if (index !== 0 && device === undefined)
    return family === "ipv4" || sent.source !== undefined ? "ENODEV" : "ENETUNREACH"
  if (given !== undefined && family === "ipv6" && isOfInterface(given) && device === undefined) return "EINVAL"
  if (family === "ipv6" && given !== undefined && !isLocalSource(routes, socket, given, device)) return "EINVAL"
  const isHere = family === "ipv4" && asPacket(end.address).isUnspecified
  // Linux: with an interface and without a source, "this host" is the address of that interface.
  const ofDevice = isHere && own === undefined ? device?.of("ipv4")[0]?.address : undefined
  const destination = ofDevice ?? first
  const direct = routes.find(withoutZone(destination), isHere ? undefined : device, own)
  const path = direct ?? (isWish(socket, destination, own) ? routes.find(destination, undefined, own) : undefined)
  if (path === undefined) return "ENETUNREACH"
  if (family === "ipv6" && given === undefined && isMapped(socket.address)) return "EAFNOSUPPORT"
  if (own !== undefined && isMartian(own, path)) return "EINVAL"
  if (path.kind === "broadcast" && settings.broadcast === 0) return "EACCES"
  const source = withoutZone(own ?? routes.sourceFor(destination, path))
  return { destination: withoutZone(destination), port: end.port, path, source }
}

/** Linux: for IPv6, the interface of packet information is only preferred if the source is known. */
const isWish = (socket: SocketState, address: Address, own: Address | undefined): boolean =>
  address.family === "ipv6" &&
  !isOfInterface(address) &&
  !address.isLoopback &&
  !address.isMulticast &&
  socket.settings.boundDevice === 0 &&
  (own !== undefined || isMapped(socket.address))

/** The interface that a datagram must leave by, or 0. `undefined` if what asks for one contradicts itself. */
const deviceIndex = (
  { settings }: SocketState,
  destination: Address,
  { address }: End,
  sent: SentControl
): number | undefined => {
  const asked = sent.device ?? 0
  const { boundDevice } = settings
  const family = settings[destination.family]
  if (destination.family === "ipv4") {
    if (asked !== 0) return asked
    if (boundDevice !== 0) return boundDevice
    return destination.isMulticast ? family.multicastInterface : family.unicastInterface
  }
  const zone = address.family === "ipv6" && isOfInterface(address) ? address.zone : 0
  const named = zone === 0 ? boundDevice : zone
  if (asked !== 0 && named !== 0 && asked !== named) return undefined
  if (asked !== 0 || named !== 0) return asked === 0 ? named : asked
  return destination.isMulticast ? family.multicastInterface : family.unicastInterface
}

type Head = Omit<Packet, "body" | "identification">

const headers = (
  socket: SocketState,
  { destination, source }: Course,
  sent: SentControl
): Head & Pick<Packet, "body" | "identification"> => {
  const { family } = destination
  const { settings } = socket
  const own = settings[family]
  const mode = own.pathMtuMode
  const hops = destination.isMulticast ? own.multicastHopLimit : own.hopLimit
  const protocol = socket.protocol === "udp" ? protocols.udp : icmpOf[family]
  const options = family === "ipv4" ? (sent.ipOptions ?? settings.ipOptions) : noBytes
  return {
    family,
    source,
    destination,
    protocol,
    hopLimit: sent.hopLimit ?? hops,
    trafficClass: sent.trafficClass ?? own.trafficClass,
    flowLabel: family === "ipv6" ? (sent.flowLabel ?? 0) : 0,
    dontFragment: family === "ipv4" && pathMtuModes.setsDontFragment(mode),
    extensions: family === "ipv6" ? extensionsOf(settings.stickyHeaders, sent.extensions, protocol) : [],
    options: recorded(options, source),
    sendBuffer: socket.sendBuffer,
    priority: sent.priority ?? settings.priority,
    mark: sent.mark ?? settings.mark,
    identification: 0,
    body: noBytes
  }
}

/** Linux: one header message replaces all sticky headers of that datagram. Hop-by-hop options come first. */
const extensionsOf = (
  sticky: ReadonlyMap<number, Uint8Array>,
  sent: ReadonlyArray<ExtensionBytes> | undefined,
  protocol: number
): ReadonlyArray<ExtensionBytes> => {
  const all =
    sent !== undefined && sent.length > 0 ? sent : [...sticky.entries()].map(([type, bytes]) => ({ type, bytes }))
  const order = [0, 43, 60]
  const sorted = all.toSorted((a, b) => order.indexOf(a.type) - order.indexOf(b.type))
  return sorted.map(({ bytes, type }, i) => {
    const header = bytes.slice()
    header[0] = sorted[i + 1]?.type ?? protocol
    return { type, bytes: header }
  })
}

const refuseSize = (
  sender: Sender,
  socket: SocketState,
  made: Packet,
  { destination, path, port }: Course,
  bytes: number,
  sent: SentControl
): ErrorName | undefined => {
  const own = socket.settings[made.family]
  const mode = own.pathMtuMode
  const above = headerSize(made)
  const payload = socket.protocol === "udp" ? bytes + udpHeaderSize : bytes
  const mtu = pathMtuModes.usesPathMtu(mode) ? sender.routes.mtu(destination, path) : deviceMtu(sender, path)
  const most = made.family === "ipv4" ? mostBytes : mostBytes + 40
  const isForbidden = !pathMtuModes.cuts(mode)
  const keepsWhole = made.family === "ipv6" && (sent.dontFragment ?? own.dontFragment !== 0)
  if (above + payload <= (isForbidden || keepsWhole ? Math.min(mtu, most) : most)) return undefined
  const to = { address: socket.named(destination, path.device.index), port }
  if (keepsWhole && own.pathMtuReports !== 0) socket.pathMtu = { to, mtu }
  if (own.errors !== 0) {
    socket.errors.push({
      errno: "EMSGSIZE",
      origin: "local",
      type: 0,
      code: 0,
      info: mtu,
      data: 0,
      to: { address: destination, port },
      payload: noBytes,
      report: undefined,
      arrival: undefined,
      time: sender.now()
    })
    socket.wake()
  }
  return "EMSGSIZE"
}

const deviceMtu = ({ routes }: Sender, { device, kind }: Path): number =>
  kind === "local" ? (loopbackMtu(routes.device(1)) ?? device.mtu) : device.mtu

const loopbackMtu = (device: Device | undefined): number | undefined =>
  device?.loopback === true ? device.mtu : undefined

const refuseSegments = (
  sender: Sender,
  made: Packet,
  { destination, path }: Course,
  bytes: number,
  segment: number
): ErrorName | undefined => {
  const above = headerSize(made) + udpHeaderSize
  if (above + segment > sender.routes.mtu(destination, path)) return "EINVAL"
  return bytes > segment * mostSegments ? "EINVAL" : undefined
}

/** Linux: `SOF_TIMESTAMPING_TX_SCHED` and `SOF_TIMESTAMPING_TX_SOFTWARE`, with the numbers of their stages, in their order. */
const stages = [
  [256, 1],
  [2, 0]
] as const

/**
 * Puts the stamps that a datagram asks for into the error queue, with the number of the send. They are there before the datagram leaves,
 * so a report about it comes later.
 */
const stamp = (sender: Sender, socket: SocketState, course: Course, sent: SentControl): void => {
  const asked = stages.filter(([flag]) => ((sent.stamps ?? 0) & flag) !== 0)
  if (asked.length === 0) return
  const number = socket.stamps
  socket.stamps = (number + 1) >>> 0
  for (const [, stage] of asked)
    socket.errors.push({
      errno: undefined,
      origin: "stamp",
      type: 0,
      code: 0,
      info: stage,
      data: number,
      to: { address: unspecified[course.destination.family], port: 0 },
      payload: noBytes,
      report: undefined,
      arrival: undefined,
      time: sender.now()
    })
  socket.wake()
}

/** A ping socket sends echo requests with its port as their identifier. */
const sendEcho = (
  sender: Sender,
  socket: SocketState,
  made: Packet,
  { path }: Course,
  data: Uint8Array
): ErrorName | undefined => {
  const request = made.family === "ipv4" ? 8 : 128
  if (data.length < icmpHeaderSize || data[0] !== request || data[1] !== 0) return "EINVAL"
  const body = data.slice()
  new DataView(body.buffer).setUint16(4, socket.port)
  const identification = sender.stack.nextIdentification()
  sender.stack.output({ ...made, identification, body: sealed(body, made) }, path)
  return undefined
}

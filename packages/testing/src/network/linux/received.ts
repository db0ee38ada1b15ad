/** Control data of received datagrams and of entries of the error queue, in the order in which Linux writes it. */
import { Abi, ControlBuffer, InternetEndpoint, Ipv6Address, SocketAddress } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import type { Address } from "../address.ts"
import { payloadSum } from "../ip/checksum.ts"
import type { Packet } from "../ip/packet.ts"
import { type Arrival, loopbackIndex } from "../ip/stack.ts"
import type { End, QueuedError, Received, SocketState } from "../socket/socket.ts"
import { ENOMSG, errnos } from "./errno.ts"
import { integerBytes } from "../socket/optionValues.ts"

const { IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET } = Linux
const abi = Abi.linuxGlibc64

type Message = ControlBuffer.RawMessage

const bytesOf = (size: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(size)
  write(new DataView(bytes.buffer))
  return bytes
}

const timespec = (view: DataView, at: number, time: bigint): void => {
  view.setBigInt64(at, time / 1_000_000_000n, true)
  view.setBigInt64(at + 8, time % 1_000_000_000n, true)
}

const nameOf = ({ address, port }: End): Uint8Array => {
  const size = abi.sockaddr[address.family]
  const end =
    address.family === "ipv4"
      ? new InternetEndpoint("ipv4", address, port)
      : new InternetEndpoint("ipv6", address, port)
  return bytesOf(size, (view) => void SocketAddress.write(abi, end, view, 0))
}

const writeIpv6 = (view: DataView, at: number, address: Address): void =>
  SocketAddress.writeIpv6(view, at, address.family === "ipv6" ? address : Ipv6Address.fromIpv4(address))

/** `SOF_TIMESTAMPING_SOFTWARE`, and the switch that makes stamps of received datagrams. */
const software = Linux.SOF_TIMESTAMPING_SOFTWARE
const arrivals = Linux.SOF_TIMESTAMPING_RX_SOFTWARE

const timestamps = ({ settings }: SocketState, time: bigint, isArrival: boolean): ReadonlyArray<Message> => {
  const messages: Array<Message> = []
  if (settings.timestamp !== 0)
    messages.push({
      level: SOL_SOCKET,
      type: settings.timestampType,
      payload: bytesOf(16, (view) => timespec(view, 0, time))
    })
  const { timestamping, timestampingType } = settings
  if ((timestamping & software) !== 0 && (!isArrival || (timestamping & arrivals) !== 0))
    messages.push({
      level: SOL_SOCKET,
      type: timestampingType,
      payload: bytesOf(48, (view) => timespec(view, 0, time))
    })
  return messages
}

/** Linux: an entry of the error queue about IPv4 has the loopback interface for a sender on this host. */
const indexOf = ({ device, fromHere }: Arrival, received: Received | undefined): number =>
  received === undefined && fromHere ? loopbackIndex : device.index

/** Messages of level IP (`ip_cmsg_recv_offset`). */
const ofIpv4 = (socket: SocketState, packet: Packet, arrival: Arrival, received: Received | undefined) => {
  const { destination, hopLimit, options, trafficClass } = packet
  const own = socket.settings.ipv4
  const messages: Array<Message> = []
  const add = (type: number, payload: Uint8Array) => messages.push({ level: IPPROTO_IP, type, payload })
  if (own.packetInfo !== 0)
    add(
      Linux.IP_PKTINFO,
      bytesOf(12, (view) => {
        view.setUint32(8, destination.family === "ipv4" ? destination.value : 0)
        const index = indexOf(arrival, received)
        if (received?.isPrepared !== false) view.setUint32(0, index, true)
        // Linux: entries of the error queue have no address to answer from.
        if (received?.isPrepared !== true) return
        const local = arrival.kind === "unicast" ? destination : (arrival.device.of("ipv4")[0]?.address ?? destination)
        view.setUint32(4, local.family === "ipv4" && socket.protocol === "udp" ? local.value : 0)
      })
    )
  if (own.receiveHopLimit !== 0) add(Linux.IP_TTL, integerBytes(hopLimit))
  if (own.receiveTrafficClass !== 0) add(Linux.IP_TOS, Uint8Array.of(trafficClass))
  if (own.receiveOptions !== 0 && options.length > 0) add(Linux.IP_RECVOPTS, options)
  if (received === undefined) return messages
  if (own.originalDestination !== 0)
    add(Linux.IP_RECVORIGDSTADDR, nameOf({ address: destination, port: received.port }))
  if (own.checksum !== 0 && packet.crossedLink === true) add(Linux.IP_CHECKSUM, integerBytes(payloadSum(received.data)))
  if (own.fragmentSize !== 0 && packet.largestFragment !== undefined)
    add(Linux.IP_RECVFRAGSIZE, integerBytes(packet.largestFragment))
  return messages
}

const packetInfo6 = (destination: Address, index: number): Message => ({
  level: IPPROTO_IPV6,
  type: Linux.IPV6_PKTINFO,
  payload: bytesOf(20, (view) => {
    writeIpv6(view, 0, destination)
    view.setUint32(16, index, true)
  })
})

const extensionOptions = {
  0: { setting: "hopOptions", type: Linux.IPV6_HOPOPTS },
  43: { setting: "routingHeader", type: Linux.IPV6_RTHDR },
  60: { setting: "destinationOptions", type: Linux.IPV6_DSTOPTS }
} as const

/** Messages of level IPv6 (`ip6_datagram_recv_specific_ctl`). */
const ofIpv6 = (socket: SocketState, packet: Packet, received: Received | undefined): ReadonlyArray<Message> => {
  const own = socket.settings.ipv6
  const messages: Array<Message> = []
  const add = (type: number, payload: Uint8Array) => messages.push({ level: IPPROTO_IPV6, type, payload })
  if (own.receiveHopLimit !== 0) add(Linux.IPV6_HOPLIMIT, integerBytes(packet.hopLimit))
  if (own.receiveTrafficClass !== 0) add(Linux.IPV6_TCLASS, integerBytes(packet.trafficClass))
  if (own.receiveFlowLabel !== 0 && (packet.flowLabel !== 0 || packet.trafficClass !== 0))
    add(
      Linux.IPV6_FLOWINFO,
      bytesOf(4, (view) => view.setUint32(0, ((packet.trafficClass << 20) | packet.flowLabel) >>> 0))
    )
  for (const { bytes, type } of packet.extensions) {
    const option = extensionOptions[type as keyof typeof extensionOptions]
    if (own[option.setting] !== 0) add(option.type, bytes)
  }
  if (received === undefined) return messages
  if (own.originalDestination !== 0)
    add(Linux.IPV6_RECVORIGDSTADDR, nameOf({ address: packet.destination, port: received.port }))
  if (own.fragmentSize !== 0 && packet.largestFragment !== undefined)
    add(Linux.IPV6_RECVFRAGSIZE, integerBytes(packet.largestFragment))
  return messages
}

const ofNetwork = (
  socket: SocketState,
  packet: Packet,
  arrival: Arrival,
  received: Received | undefined
): ReadonlyArray<Message> => {
  if (socket.family === "ipv4") return ofIpv4(socket, packet, arrival, received)
  const isPrepared = packet.family === "ipv6" || received?.isPrepared !== false
  const arrived = packet.family === "ipv4" ? indexOf(arrival, received) : arrival.device.index
  const index = isPrepared ? arrived : 0
  const info = socket.settings.ipv6.packetInfo === 0 ? [] : [packetInfo6(packet.destination, index)]
  const others = packet.family === "ipv4" ? ofIpv4(socket, packet, arrival, received) : ofIpv6(socket, packet, received)
  return [...info, ...others]
}

/** Control data of a datagram (`sock_recv_cmsgs`, `udp_cmsg_recv`, `ip_cmsg_recv_offset`, `ip6_datagram_recv_ctl`). */
export const received = (socket: SocketState, datagram: Received): ReadonlyArray<Message> => {
  const { drops, merged, packet, time } = datagram
  const { settings } = socket
  const messages: Array<Message> = [...timestamps(socket, time, true)]
  if (settings.dropCount !== 0 && drops > 0)
    messages.push({ level: SOL_SOCKET, type: Linux.SO_RXQ_OVFL, payload: integerBytes(drops) })
  if (settings.receiveMark !== 0 && socket.protocol === "udp")
    messages.push({ level: SOL_SOCKET, type: Linux.SO_MARK, payload: integerBytes(packet.mark) })
  if (settings.receivePriority !== 0 && socket.protocol === "udp")
    messages.push({ level: SOL_SOCKET, type: Linux.SO_PRIORITY, payload: integerBytes(packet.priority) })
  if (settings.coalescing !== 0 && merged !== undefined)
    messages.push({ level: Linux.IPPROTO_UDP, type: Linux.UDP_GRO, payload: integerBytes(merged.size) })
  return [...messages, ...ofNetwork(socket, packet, datagram.arrival, datagram)]
}

const origins = { local: 1, icmp: 2, stamp: 4 } as const
const originIcmp6 = 3

/** Control data of an entry of the error queue (`ip_recv_error`, `ipv6_recv_error`). */
export const queued = (socket: SocketState, error: QueuedError): ReadonlyArray<Message> => {
  const { arrival, origin, report, time } = error
  const stamps = timestamps(socket, time, origin !== "stamp")
  const is4 = socket.family === "ipv4"
  const payload = bytesOf(is4 ? 32 : 44, (view) => {
    view.setUint32(0, error.errno === undefined ? ENOMSG : errnos[error.errno], true)
    view.setUint8(4, origin === "icmp" && report?.family === "ipv6" ? originIcmp6 : origins[origin])
    view.setUint8(5, error.type)
    view.setUint8(6, error.code)
    view.setUint32(8, error.info, true)
    view.setUint32(12, error.data, true)
    if (report === undefined) return
    const { source } = report
    view.setUint16(16, abi.family[socket.family], true)
    if (is4) view.setUint32(20, source.family === "ipv4" ? source.value : 0)
    else {
      writeIpv6(view, 24, source)
      if (source.family === "ipv6" && source.isLinkLocal) view.setUint32(40, arrival?.device.index ?? 0, true)
    }
  })
  const messages = report === undefined || arrival === undefined ? [] : ofNetwork(socket, report, arrival, undefined)
  const own: Message = is4
    ? { level: IPPROTO_IP, type: Linux.IP_RECVERR, payload }
    : { level: IPPROTO_IPV6, type: Linux.IPV6_RECVERR, payload }
  return [...stamps, ...messages, own]
}

/** `struct ip6_mtuinfo`: a destination, and the path MTU. */
export const pathMtu = ({ pathMtu: known }: SocketState): ReadonlyArray<Message> => {
  if (known === undefined) return []
  const payload = new Uint8Array(32)
  payload.set(nameOf({ address: known.to.address, port: 0 }))
  new DataView(payload.buffer).setUint32(28, known.mtu, true)
  return [{ level: IPPROTO_IPV6, type: Linux.IPV6_PATHMTU, payload }]
}

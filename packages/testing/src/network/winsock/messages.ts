/** Control data of Winsock, as it is received and as it is sent. */
import { Abi, ControlBuffer, Ipv4Address, SocketAddress } from "@ancillary/control"
import * as Winsock from "@ancillary/control/platform/winsock"
import type { Family } from "../address.ts"
import type { ErrorName } from "../socket/errors.ts"
import { integer, integerBytes } from "../socket/optionValues.ts"
import type { SentControl } from "../socket/sent.ts"
import type { Received, SocketState } from "../socket/socket.ts"

const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, SOL_SOCKET } = Winsock
const abi = Abi.winsockX64

type Message = ControlBuffer.RawMessage

/** Ticks of 100 nanoseconds: the usual frequency of the performance counter. */
const tick = 100n

const bytesOf = (size: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(size)
  write(new DataView(bytes.buffer))
  return bytes
}

export const received = (socket: SocketState, datagram: Received): ReadonlyArray<Message> => {
  const { arrival, merged, packet, time } = datagram
  const { settings } = socket
  const messages: Array<Message> = []
  const add = (level: number, type: number, payload: Uint8Array) => messages.push({ level, type, payload })
  const { destination } = packet
  if (settings.timestamp !== 0)
    add(
      SOL_SOCKET,
      Winsock.SO_TIMESTAMP,
      bytesOf(8, (view) => view.setBigUint64(0, time / tick, true))
    )
  if (settings.coalescing !== 0 && merged !== undefined)
    add(IPPROTO_UDP, Winsock.UDP_COALESCED_INFO, integerBytes(merged.size))
  const own = settings[packet.family]
  if (destination.family === "ipv4") {
    if (own.packetInfo !== 0)
      add(
        IPPROTO_IP,
        Winsock.IP_PKTINFO,
        bytesOf(8, (view) => {
          view.setUint32(0, destination.value)
          view.setUint32(4, arrival.device.index, true)
        })
      )
    if (own.receiveHopLimit !== 0) add(IPPROTO_IP, Winsock.IP_TTL, integerBytes(packet.hopLimit))
    if (own.receiveTrafficClass !== 0) add(IPPROTO_IP, Winsock.IP_TOS, integerBytes(packet.trafficClass))
    return messages
  }
  if (own.packetInfo !== 0)
    add(
      IPPROTO_IPV6,
      Winsock.IPV6_PKTINFO,
      bytesOf(20, (view) => {
        SocketAddress.writeIpv6(view, 0, destination)
        view.setUint32(16, arrival.device.index, true)
      })
    )
  if (own.receiveHopLimit !== 0) add(IPPROTO_IPV6, Winsock.IPV6_HOPLIMIT, integerBytes(packet.hopLimit))
  if (own.receiveTrafficClass !== 0) add(IPPROTO_IPV6, Winsock.IPV6_TCLASS, integerBytes(packet.trafficClass))
  for (const { bytes, type } of packet.extensions) {
    if (type === 0 && own.hopOptions !== 0) add(IPPROTO_IPV6, Winsock.IPV6_HOPOPTS, bytes)
    if (type === 43 && own.routingHeader !== 0) add(IPPROTO_IPV6, Winsock.IPV6_RTHDR, bytes)
  }
  return messages
}

type Mutable = { -readonly [K in keyof SentControl]: SentControl[K] }

export const readSent = (_: SocketState, family: Family, control: Uint8Array): SentControl | ErrorName => {
  if (control.length === 0) return {}
  const { malformed, messages } = ControlBuffer.toMessages(abi, control)
  // Winsock: any excess behind the last message is refused.
  if (malformed !== undefined) return "EINVAL"
  const sent: Mutable = {}
  for (const message of messages) {
    const refused = read(family, sent, message)
    if (refused !== undefined) return refused
  }
  return sent
}

const read = (family: Family, sent: Mutable, { level, payload, type }: Message): ErrorName | undefined => {
  const value = integer(payload)
  const view = new DataView(payload.buffer)
  if (level === IPPROTO_UDP) {
    if (type !== Winsock.UDP_SEND_MSG_SIZE || payload.length !== 4) return "EINVAL"
    sent.segmentSize = value
    return undefined
  }
  const isIpv4 = level === IPPROTO_IP
  // Messages of other levels are ignored, as by Wine. No test has shown what Windows does with them.
  if (!isIpv4 && level !== IPPROTO_IPV6) return undefined
  // A socket for both families sends what is for the family of the peer.
  if (isIpv4 !== (family === "ipv4")) return undefined
  switch (type) {
    case Winsock.IP_PKTINFO: {
      if (payload.length !== (isIpv4 ? 8 : 20)) return "EINVAL"
      const source = isIpv4 ? new Ipv4Address(view.getUint32(0)) : SocketAddress.readIpv6(view, 0)
      if (!source.isUnspecified) sent.source = source
      const index = view.getUint32(isIpv4 ? 4 : 16, true)
      if (index !== 0) sent.device = index
      return undefined
    }
    case isIpv4 ? Winsock.IP_TTL : Winsock.IPV6_HOPLIMIT:
      if (payload.length !== 4 || value < 0 || value > 255) return "EINVAL"
      sent.hopLimit = value
      return undefined
    case isIpv4 ? Winsock.IP_TOS : Winsock.IPV6_TCLASS:
      if (payload.length !== 4 || value < 0 || value > 255) return "EINVAL"
      sent.trafficClass = value | (sent.trafficClass ?? 0)
      return undefined
    case Winsock.IP_ECN:
      if (payload.length !== 4 || value < 0 || value > 3) return "EINVAL"
      // The two messages set parts of one byte.
      sent.trafficClass = (sent.trafficClass ?? 0) | value
      return undefined
    default:
      return isIpv4 ? "EINVAL" : readHeader(sent, type, payload)
  }
}

const readHeader = (sent: Mutable, type: number, payload: Uint8Array): ErrorName | undefined => {
  if (type === Winsock.IPV6_DONTFRAG) {
    if (payload.length !== 4) return "EINVAL"
    sent.dontFragment = integer(payload) !== 0
    return undefined
  }
  const extension = type === Winsock.IPV6_HOPOPTS ? 0 : type === Winsock.IPV6_RTHDR ? 43 : undefined
  if (extension === undefined) return "EINVAL"
  if (payload.length % 8 !== 0 || payload.length === 0) return "EINVAL"
  sent.extensions = [...(sent.extensions ?? []), { type: extension, bytes: payload.slice() }]
  return undefined
}

/** Reads the control data of a sent datagram as Linux does (`__sock_cmsg_send`, `udp_cmsg_send`, `ip_cmsg_send`, `ip6_datagram_send_ctl`). */
import { Abi, ControlBuffer, Ipv4Address, SocketAddress } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import type { Family } from "../address.ts"
import type { ErrorName } from "../socket/errors.ts"
import type { SentControl } from "../socket/sent.ts"
import type { SocketState } from "../socket/socket.ts"
import { integer } from "../socket/optionValues.ts"

const abi = Abi.linuxGlibc64

type Mutable = { -readonly [K in keyof SentControl]: SentControl[K] }

/** Most packets have none. */
const none: SentControl = {}

export const readSent = (socket: SocketState, family: Family, control: Uint8Array): SentControl | ErrorName => {
  if (control.length === 0) return none
  const { malformed, messages } = ControlBuffer.toMessages(abi, control)
  // Linux: fewer bytes than a header behind the last message are ignored.
  if (malformed !== undefined && control.length - malformed.offset >= abi.cmsghdr.size) return "EINVAL"
  const sent: Mutable = {}
  for (const message of messages) {
    const refused = read(socket, family, sent, message)
    if (refused !== undefined) return refused
  }
  return sent
}

const read = (
  socket: SocketState,
  family: Family,
  sent: Mutable,
  message: ControlBuffer.RawMessage
): ErrorName | undefined => {
  switch (message.level) {
    case Linux.SOL_SOCKET:
      return readSocket(socket, sent, message)
    case Linux.IPPROTO_UDP:
      if (message.type !== Linux.UDP_SEGMENT || message.payload.length !== 2) return "EINVAL"
      sent.segmentSize = new DataView(message.payload.buffer).getUint16(0, true)
      return undefined
    // Linux: messages of the other family are ignored.
    case Linux.IPPROTO_IP:
      return family === "ipv4" ? readIpv4(sent, message) : undefined
    case Linux.IPPROTO_IPV6:
      if (family === "ipv6") return readIpv6(sent, message)
      return socket.family === "ipv6" && message.type === Linux.IPV6_PKTINFO ? readMapped(sent, message) : undefined
    default:
      return undefined
  }
}

const readSocket = (
  { settings }: SocketState,
  sent: Mutable,
  { payload, type }: ControlBuffer.RawMessage
): ErrorName | undefined => {
  switch (type) {
    case Linux.SO_MARK:
      if (payload.length !== 4) return "EINVAL"
      sent.mark = integer(payload) >>> 0
      return undefined
    case Linux.SO_PRIORITY:
      if (payload.length !== 4) return "EINVAL"
      sent.priority = integer(payload) >>> 0
      return undefined
    case Linux.SO_TIMESTAMPING_OLD:
    case Linux.SO_TIMESTAMPING_NEW:
      if (payload.length !== 4) return "EINVAL"
      sent.stamps = integer(payload)
      return undefined
    case Linux.SO_TXTIME:
      return settings.transmitTime < 0 || payload.length !== 8 ? "EINVAL" : undefined
    case Linux.SCM_RIGHTS:
    case Linux.SCM_CREDENTIALS:
      return undefined
    default:
      return "EINVAL"
  }
}

const readIpv4 = (sent: Mutable, { payload, type }: ControlBuffer.RawMessage): ErrorName | undefined => {
  switch (type) {
    case Linux.IP_PKTINFO: {
      if (payload.length !== 12) return "EINVAL"
      const view = new DataView(payload.buffer)
      const index = view.getUint32(0, true)
      if (index !== 0) sent.device = index
      sent.source = new Ipv4Address(view.getUint32(4))
      return undefined
    }
    case Linux.IP_TTL:
      if (payload.length !== 4 || integer(payload) < 1 || integer(payload) > 255) return "EINVAL"
      sent.hopLimit = integer(payload)
      return undefined
    case Linux.IP_TOS:
      if (payload.length !== 4 && payload.length !== 1) return "EINVAL"
      if (payload.length === 4 && (integer(payload) < 0 || integer(payload) > 255)) return "EINVAL"
      sent.trafficClass = integer(payload)
      return undefined
    case Linux.IP_RETOPTS:
      if (payload.length > 40) return "EINVAL"
      sent.ipOptions = new Uint8Array((payload.length + 3) & ~3)
      sent.ipOptions.set(payload)
      return undefined
    default:
      return "EINVAL"
  }
}

/** Linux: a socket for IPv6 gives the source of a datagram to an IPv4 peer in the mapped notation. */
const readMapped = (sent: Mutable, message: ControlBuffer.RawMessage): ErrorName | undefined => {
  const refused = readIpv6(sent, message)
  if (refused !== undefined) return refused
  return sent.source?.family === "ipv6" && sent.source.isIpv4Mapped ? undefined : "EINVAL"
}

const extensionTypes = new Map<number, number>([
  [Linux.IPV6_HOPOPTS, 0],
  [Linux.IPV6_RTHDR, 43],
  [Linux.IPV6_DSTOPTS, 60]
])

const readIpv6 = (sent: Mutable, { payload, type }: ControlBuffer.RawMessage): ErrorName | undefined => {
  const extension = extensionTypes.get(type)
  if (extension !== undefined) {
    if (payload.length < 8 || ((payload[1] ?? 0) + 1) * 8 !== payload.length) return "EINVAL"
    // Linux: a routing header goes only with every datagram of a socket.
    if (extension === 43) return "EINVAL"
    sent.extensions = [...(sent.extensions ?? []), { type: extension, bytes: payload.slice() }]
    return undefined
  }
  switch (type) {
    case Linux.IPV6_PKTINFO: {
      if (payload.length < 20) return "EINVAL"
      const view = new DataView(payload.buffer)
      const index = view.getUint32(16, true)
      if (index !== 0) sent.device = index
      sent.source = SocketAddress.readIpv6(view, 0)
      return undefined
    }
    case Linux.IPV6_HOPLIMIT:
      if (payload.length !== 4 || integer(payload) < -1 || integer(payload) > 255) return "EINVAL"
      if (integer(payload) >= 0) sent.hopLimit = integer(payload)
      return undefined
    case Linux.IPV6_TCLASS:
      if (payload.length !== 4 || integer(payload) < -1 || integer(payload) > 255) return "EINVAL"
      sent.trafficClass = integer(payload) === -1 ? 255 : integer(payload)
      return undefined
    case Linux.IPV6_DONTFRAG:
      if (payload.length !== 4 || integer(payload) < 0 || integer(payload) > 1) return "EINVAL"
      sent.dontFragment = integer(payload) === 1
      return undefined
    case Linux.IPV6_FLOWINFO:
      if (payload.length < 4) return "EINVAL"
      sent.flowLabel = new DataView(payload.buffer).getUint32(0) & 0xf_ffff
      return undefined
    default:
      return "EINVAL"
  }
}

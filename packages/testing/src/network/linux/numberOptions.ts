/** Options of Linux with a number as their value, by level and number. */
import * as Linux from "@ancillary/control/platform/linux"
import type { FamilySettings } from "../socket/settings.ts"
import type { SocketState } from "../socket/socket.ts"
import { field, flag, type NumberOption, swapped, within } from "../socket/optionValues.ts"

const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, SOL_SOCKET } = Linux

const any = ({ settings }: SocketState) => settings
const four = ({ settings }: SocketState) => settings.ipv4
const six = ({ settings }: SocketState) => settings.ipv6

/** Linux: a buffer has twice the requested size, at least 2,304 bytes (4,608 for sending), and at most twice `rmem_max`. */
const buffer = (least: number) => (value: number) => Math.max(2 * Math.min(value >>> 0, 212_992), least)

const timestamp = (option: number): NumberOption => ({
  get: ({ settings }) => (settings.timestampType === option ? settings.timestamp : 0),
  set: ({ settings }, value) => {
    settings.timestamp = flag(value)
    settings.timestampType = option
    return undefined
  }
})
const timestamping = (option: number): NumberOption => ({
  get: ({ settings }) => (settings.timestampingType === option ? settings.timestamping : 0),
  set: (socket, value) => {
    const { settings } = socket
    // Linux: requesting numbers begins to count anew.
    if ((value & Linux.SOF_TIMESTAMPING_OPT_ID) !== 0 && (settings.timestamping & Linux.SOF_TIMESTAMPING_OPT_ID) === 0)
      socket.stamps = 0
    settings.timestamping = value
    settings.timestampingType = option
    return undefined
  }
})
const errors = (of: (socket: SocketState) => FamilySettings): NumberOption => ({
  get: (socket) => of(socket).errors,
  set: (socket, value) => {
    of(socket).errors = flag(value)
    // Linux: the error queue is emptied.
    if (value === 0) socket.errors.length = 0
    return undefined
  }
})
const hops = within(0, 255, 1)

/** Linux: the type of the socket, its protocol, and its pending error, which is cleared when it is read. */
const SO_TYPE = 3
const SO_ERROR = 4
const SO_PROTOCOL = 38
const SO_DOMAIN = 39
const readOnly = (get: NumberOption["get"]): NumberOption => ({ get, set: () => "ENOPROTOOPT" })

/** Linux: priorities by the bits of the class above that of ECN (`ip_tos2prio`). */
const priorities = [0, 0, 0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 4, 4, 4, 4]

/** Linux: the traffic class of IPv4 also sets the priority. */
const trafficClass4: NumberOption = {
  get: ({ settings }) => settings.ipv4.trafficClass,
  set: ({ settings }, value) => {
    const trafficClass = value & 0xff
    if (trafficClass === settings.ipv4.trafficClass) return undefined
    settings.ipv4.trafficClass = trafficClass
    settings.priority = priorities[(trafficClass & 0x1e) >> 1] ?? 0
    return undefined
  }
}

const rows: ReadonlyArray<readonly [level: number, option: number, option: NumberOption]> = [
  [SOL_SOCKET, SO_TYPE, readOnly(() => 2)],
  [SOL_SOCKET, SO_DOMAIN, readOnly(({ family }) => (family === "ipv4" ? 2 : 10))],
  [
    SOL_SOCKET,
    SO_PROTOCOL,
    readOnly(({ family, protocol }) => (protocol === "udp" ? IPPROTO_UDP : family === "ipv4" ? 1 : 58))
  ],
  [SOL_SOCKET, Linux.SO_REUSEADDR, field(any, "reuseAddress", flag)],
  [SOL_SOCKET, Linux.SO_REUSEPORT, field(any, "reusePort", flag)],
  [SOL_SOCKET, Linux.SO_BROADCAST, field(any, "broadcast", flag)],
  [SOL_SOCKET, Linux.SO_RCVBUF, field(any, "receiveBuffer", buffer(2304))],
  [SOL_SOCKET, Linux.SO_SNDBUF, field(any, "sendBuffer", buffer(4608))],
  [SOL_SOCKET, Linux.SO_PRIORITY, field(any, "priority", (value) => value >>> 0)],
  [SOL_SOCKET, Linux.SO_MARK, field(any, "mark", (value) => value >>> 0)],
  [SOL_SOCKET, Linux.SO_TIMESTAMPNS_NEW, timestamp(Linux.SO_TIMESTAMPNS_NEW)],
  [SOL_SOCKET, Linux.SO_TIMESTAMPNS_OLD, timestamp(Linux.SO_TIMESTAMPNS_OLD)],
  [SOL_SOCKET, Linux.SO_TIMESTAMPING_NEW, timestamping(Linux.SO_TIMESTAMPING_NEW)],
  [SOL_SOCKET, Linux.SO_TIMESTAMPING_OLD, timestamping(Linux.SO_TIMESTAMPING_OLD)],
  [SOL_SOCKET, Linux.SO_RXQ_OVFL, field(any, "dropCount", flag)],
  [SOL_SOCKET, Linux.SO_RCVMARK, field(any, "receiveMark", flag)],
  [SOL_SOCKET, Linux.SO_RCVPRIORITY, field(any, "receivePriority", flag)],
  [IPPROTO_UDP, Linux.UDP_SEGMENT, field(any, "segmentSize", within(0, 0xffff))],
  [IPPROTO_UDP, Linux.UDP_GRO, field(any, "coalescing", flag)],

  [IPPROTO_IP, Linux.IP_TTL, field(four, "hopLimit", within(1, 255, 64))],
  [IPPROTO_IP, Linux.IP_TOS, trafficClass4],
  [IPPROTO_IP, Linux.IP_MTU_DISCOVER, field(four, "pathMtuMode", within(0, 5))],
  [IPPROTO_IP, Linux.IP_MULTICAST_TTL, field(four, "multicastHopLimit", hops)],
  [IPPROTO_IP, Linux.IP_MULTICAST_LOOP, field(four, "multicastLoopback", flag)],
  [IPPROTO_IP, Linux.IP_MULTICAST_ALL, field(four, "multicastAll", within(0, 1))],
  [IPPROTO_IP, Linux.IP_FREEBIND, field(any, "freebind", flag)],
  [IPPROTO_IP, Linux.IP_TRANSPARENT, field(any, "transparent", flag)],
  [IPPROTO_IP, Linux.IP_RECVERR, errors(four)],
  [IPPROTO_IP, Linux.IP_RECVERR_RFC4884, field(four, "errorExtensions", within(0, 1))],
  [IPPROTO_IP, Linux.IP_PKTINFO, field(four, "packetInfo", flag)],
  [IPPROTO_IP, Linux.IP_RECVTTL, field(four, "receiveHopLimit", flag)],
  [IPPROTO_IP, Linux.IP_RECVTOS, field(four, "receiveTrafficClass", flag)],
  [IPPROTO_IP, Linux.IP_RECVOPTS, field(four, "receiveOptions", flag)],
  [IPPROTO_IP, Linux.IP_RETOPTS, field(four, "returnOptions", flag)],
  [IPPROTO_IP, Linux.IP_RECVORIGDSTADDR, field(four, "originalDestination", flag)],
  [IPPROTO_IP, Linux.IP_CHECKSUM, field(four, "checksum", flag)],
  [IPPROTO_IP, Linux.IP_RECVFRAGSIZE, field(four, "fragmentSize", flag)],

  [IPPROTO_IPV6, Linux.IPV6_UNICAST_HOPS, field(six, "hopLimit", within(0, 255, 64))],
  [IPPROTO_IPV6, Linux.IPV6_TCLASS, field(six, "trafficClass", within(0, 255, 0))],
  [IPPROTO_IPV6, Linux.IPV6_MTU_DISCOVER, field(six, "pathMtuMode", within(0, 5))],
  [IPPROTO_IPV6, Linux.IPV6_MULTICAST_HOPS, field(six, "multicastHopLimit", hops)],
  [IPPROTO_IPV6, Linux.IPV6_MULTICAST_LOOP, field(six, "multicastLoopback", within(0, 1))],
  [IPPROTO_IPV6, Linux.IPV6_MULTICAST_ALL, field(six, "multicastAll", flag)],
  [IPPROTO_IPV6, Linux.IPV6_DONTFRAG, field(six, "dontFragment", flag)],
  [IPPROTO_IPV6, Linux.IPV6_AUTOFLOWLABEL, field(six, "flowLabel", flag)],
  [IPPROTO_IPV6, Linux.IPV6_FREEBIND, field(any, "freebind", flag)],
  [IPPROTO_IPV6, Linux.IPV6_TRANSPARENT, field(any, "transparent", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVERR, errors(six)],
  [IPPROTO_IPV6, Linux.IPV6_RECVERR_RFC4884, field(six, "errorExtensions", within(0, 1))],
  [IPPROTO_IPV6, Linux.IPV6_RECVPKTINFO, field(six, "packetInfo", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVHOPLIMIT, field(six, "receiveHopLimit", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVTCLASS, field(six, "receiveTrafficClass", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVORIGDSTADDR, field(six, "originalDestination", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVFRAGSIZE, field(six, "fragmentSize", flag)],
  [IPPROTO_IPV6, Linux.IPV6_FLOWINFO, field(six, "receiveFlowLabel", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVHOPOPTS, field(six, "hopOptions", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVDSTOPTS, field(six, "destinationOptions", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVRTHDR, field(six, "routingHeader", flag)],
  [IPPROTO_IPV6, Linux.IPV6_RECVPATHMTU, field(six, "pathMtuReports", flag)],
  // Linux: it cannot be changed once the socket is bound.
  [IPPROTO_IPV6, Linux.IPV6_V6ONLY, field(any, "ipv6Only", (value, { port }) => (port === 0 ? flag(value) : "EINVAL"))]
]

const byNumber = new Map(rows.map(([level, number, option]) => [`${level} ${number}`, option]))

export const numberOption = (level: number, option: number): NumberOption | undefined =>
  byNumber.get(`${level} ${option}`)

export { SO_ERROR, swapped }

/** `setsockopt` and `getsockopt` of Winsock. */
import { Abi, Ipv4Address, SocketAddress } from "@ancillary/control"
import * as Winsock from "@ancillary/control/platform/winsock"
import type { Address } from "../address.ts"
import type { Sharing } from "../socket/binding.ts"
import type { ErrorName } from "../socket/errors.ts"
import { isMembershipOption, setMembership } from "../socket/membershipOptions.ts"
import { field, flag, integer, integerBytes, type NumberOption, swapped, within } from "../socket/optionValues.ts"
import type { SocketState } from "../socket/socket.ts"
import { errnoOf } from "./errno.ts"

const { IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, SOL_SOCKET } = Winsock
const abi = Abi.winsockX64

const any = ({ settings }: SocketState) => settings
const four = ({ settings }: SocketState) => settings.ipv4
const six = ({ settings }: SocketState) => settings.ipv6

const SO_ERROR = 0x1007
const SO_TYPE = 0x1008
const datagrams = 2

/** Winsock: the modes of path MTU discovery have other numbers than on Linux: want, do, dont, probe. */
const modes = [1, 2, 0, 3]
const mode = (of: typeof four): NumberOption => ({
  get: (socket) => modes.indexOf(of(socket).pathMtuMode),
  set: (socket, value) => {
    const chosen = modes[value]
    if (chosen === undefined) return "EINVAL"
    of(socket).pathMtuMode = chosen
    return undefined
  }
})

/** Winsock: IPv4 has a switch. */
const dontFragment: NumberOption = {
  get: ({ settings }) => (settings.ipv4.pathMtuMode === 2 ? 1 : 0),
  set: ({ settings }, value) => {
    settings.ipv4.pathMtuMode = value === 0 ? 0 : 2
    return undefined
  }
}

const buffer = (value: number): number => value >>> 0
const hops = within(0, 255)

const rows: ReadonlyArray<readonly [level: number, option: number, option: NumberOption]> = [
  [SOL_SOCKET, SO_TYPE, { get: () => datagrams, set: () => "ENOPROTOOPT" }],
  [SOL_SOCKET, Winsock.SO_REUSEADDR, field(any, "reuseAddress", flag)],
  [SOL_SOCKET, Winsock.SO_EXCLUSIVEADDRUSE, field(any, "exclusive", flag)],
  [SOL_SOCKET, Winsock.SO_BROADCAST, field(any, "broadcast", flag)],
  [SOL_SOCKET, Winsock.SO_RCVBUF, field(any, "receiveBuffer", buffer)],
  [SOL_SOCKET, Winsock.SO_SNDBUF, field(any, "sendBuffer", buffer)],
  [IPPROTO_UDP, Winsock.UDP_SEND_MSG_SIZE, field(any, "segmentSize", within(0, 0xffff))],
  [IPPROTO_UDP, Winsock.UDP_RECV_MAX_COALESCED_SIZE, field(any, "coalescing", within(0, 0xffff))],

  [IPPROTO_IP, Winsock.IP_TTL, field(four, "hopLimit", within(1, 255))],
  [IPPROTO_IP, Winsock.IP_TOS, field(four, "trafficClass", within(0, 255))],
  [IPPROTO_IP, Winsock.IP_MULTICAST_TTL, field(four, "multicastHopLimit", hops)],
  [IPPROTO_IP, Winsock.IP_MULTICAST_LOOP, field(four, "multicastLoopback", flag)],
  [IPPROTO_IP, Winsock.IP_DONTFRAGMENT, dontFragment],
  [IPPROTO_IP, Winsock.IP_MTU_DISCOVER, mode(four)],
  [IPPROTO_IP, Winsock.IP_PKTINFO, field(four, "packetInfo", flag)],
  [IPPROTO_IP, Winsock.IP_RECVTTL, field(four, "receiveHopLimit", flag)],
  [IPPROTO_IP, Winsock.IP_RECVTOS, field(four, "receiveTrafficClass", flag)],
  [IPPROTO_IP, Winsock.IP_ECN, field(four, "receiveTrafficClass", flag)],
  // No packet here comes out of a tunnel, so it never arrives.
  [IPPROTO_IP, Winsock.IP_ORIGINAL_ARRIVAL_IF, field(four, "receiveOptions", flag)],

  [IPPROTO_IPV6, Winsock.IPV6_UNICAST_HOPS, field(six, "hopLimit", within(0, 255))],
  [IPPROTO_IPV6, Winsock.IPV6_MULTICAST_HOPS, field(six, "multicastHopLimit", hops)],
  [IPPROTO_IPV6, Winsock.IPV6_MULTICAST_LOOP, field(six, "multicastLoopback", flag)],
  [IPPROTO_IPV6, Winsock.IPV6_DONTFRAG, field(six, "dontFragment", flag)],
  [IPPROTO_IPV6, Winsock.IPV6_MTU_DISCOVER, mode(six)],
  [IPPROTO_IPV6, Winsock.IPV6_PKTINFO, field(six, "packetInfo", flag)],
  [IPPROTO_IPV6, Winsock.IPV6_HOPLIMIT, field(six, "receiveHopLimit", flag)],
  [IPPROTO_IPV6, Winsock.IPV6_RECVTCLASS, field(six, "receiveTrafficClass", flag)],
  [IPPROTO_IPV6, Winsock.IPV6_ECN, field(six, "receiveTrafficClass", flag)],
  // IPV6_HOPOPTS and IPV6_RECVRTHDR are refused, as by Wine: no test has shown how Windows delivers these headers.
  [
    IPPROTO_IPV6,
    Winsock.IPV6_V6ONLY,
    field(any, "ipv6Only", (value, { port }) => (port === 0 ? flag(value) : "EINVAL"))
  ]
]

const byNumber = new Map(rows.map(([level, number, option]) => [`${level} ${number}`, option]))

/** Options whose value is the index of an interface, with its byte order. IPv4's has an index as an address of 0.0.0.0/8. */
const indexOptions: {
  readonly [key: string]: readonly [
    "ipv4" | "ipv6",
    "multicastInterface" | "unicastInterface",
    (value: number) => number
  ]
} = {
  [`${IPPROTO_IP} ${Winsock.IP_MULTICAST_IF}`]: ["ipv4", "multicastInterface", swapped],
  [`${IPPROTO_IP} ${Winsock.IP_UNICAST_IF}`]: ["ipv4", "unicastInterface", swapped],
  [`${IPPROTO_IPV6} ${Winsock.IPV6_MULTICAST_IF}`]: ["ipv6", "multicastInterface", (value) => value],
  [`${IPPROTO_IPV6} ${Winsock.IPV6_UNICAST_IF}`]: ["ipv6", "unicastInterface", (value) => value]
}

/** `ip_mreq` and `ipv6_mreq`: a group, and the index of an interface. */
const setOldMembership = (
  { routes }: Sharing,
  { memberships }: SocketState,
  level: number,
  option: number,
  value: Uint8Array
): ErrorName | undefined => {
  const isIpv4 = level === IPPROTO_IP
  if (value.length < (isIpv4 ? 8 : 20)) return "EINVAL"
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const group: Address = isIpv4 ? new Ipv4Address(view.getUint32(0)) : SocketAddress.readIpv6(view, 0)
  const index = isIpv4 ? view.getUint32(4) : view.getUint32(16, true)
  const device = index === 0 ? routes.find(group)?.device : routes.device(index)
  if (!group.isMulticast) return "EINVAL"
  if (option === Winsock.IP_DROP_MEMBERSHIP) return memberships.leave(group, index === 0 ? undefined : index)
  return device === undefined ? "EADDRNOTAVAIL" : memberships.join(group, device.index, index === 0)
}

const isOldMembership = (level: number, option: number): boolean =>
  (level === IPPROTO_IP || level === IPPROTO_IPV6) &&
  (option === Winsock.IP_ADD_MEMBERSHIP || option === Winsock.IP_DROP_MEMBERSHIP)

export const setOption = (
  host: Sharing,
  socket: SocketState,
  level: number,
  option: number,
  value: Uint8Array
): ErrorName | undefined => {
  if (level === IPPROTO_IPV6 && socket.family === "ipv4") return "EINVAL"
  if (isMembershipOption(Winsock, level, option)) return setMembership(abi, Winsock, host, socket, level, option, value)
  if (isOldMembership(level, option)) return setOldMembership(host, socket, level, option, value)
  const ofIndex = indexOptions[`${level} ${option}`]
  if (ofIndex !== undefined) {
    const [family, name, order] = ofIndex
    const index = order(integer(value) >>> 0)
    if (value.length < 4) return "EINVAL"
    if (index !== 0 && host.routes.device(index) === undefined) return "EADDRNOTAVAIL"
    socket.settings[family][name] = index
    return undefined
  }
  const known = byNumber.get(`${level} ${option}`)
  if (known === undefined) return "ENOPROTOOPT"
  return value.length === 0 ? "EINVAL" : known.set(socket, integer(value))
}

export const getOption = (_: Sharing, socket: SocketState, level: number, option: number): Uint8Array | ErrorName => {
  if (level === IPPROTO_IPV6 && socket.family === "ipv4") return "EINVAL"
  if (level === SOL_SOCKET && option === SO_ERROR) {
    const { pending } = socket
    socket.pending = undefined
    return integerBytes(pending === undefined ? 0 : errnoOf(pending))
  }
  const ofIndex = indexOptions[`${level} ${option}`]
  if (ofIndex !== undefined) {
    const [family, name, order] = ofIndex
    return integerBytes(order(socket.settings[family][name]))
  }
  const known = byNumber.get(`${level} ${option}`)
  return known === undefined ? "ENOPROTOOPT" : integerBytes(known.get(socket))
}

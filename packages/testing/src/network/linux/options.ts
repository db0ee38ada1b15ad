/** `setsockopt` and `getsockopt` of Linux. */
import { Abi } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import type { Sharing } from "../socket/binding.ts"
import type { ErrorName } from "../socket/errors.ts"
import { isMembershipOption, setMembership } from "../socket/membershipOptions.ts"
import type { SocketState } from "../socket/socket.ts"
import { errnos } from "./errno.ts"
import { numberOption, SO_ERROR } from "./numberOptions.ts"
import { integer, integerBytes, swapped } from "../socket/optionValues.ts"

const { IPPROTO_IP, IPPROTO_IPV6, SOL_SOCKET } = Linux

const noBytes = new Uint8Array(0)
const abi = Abi.linuxGlibc64

/** Types of the extension headers that an option sets for every datagram. */
const stickyTypes = new Map<number, number>([
  [Linux.IPV6_HOPOPTS, 0],
  [Linux.IPV6_RTHDR, 43],
  [Linux.IPV6_DSTOPTS, 60],
  [Linux.IPV6_RTHDRDSTOPTS, 60]
])

type Set = (host: Sharing, socket: SocketState, value: Uint8Array) => ErrorName | undefined
type Get = (host: Sharing, socket: SocketState) => Uint8Array | ErrorName

/** Options whose value is not a number that is kept. */
const special = (level: number, option: number): { readonly set: Set; readonly get: Get } | undefined => {
  const key = `${level} ${option}`
  switch (key) {
    case `${SOL_SOCKET} ${Linux.SO_BINDTODEVICE}`:
      return bindToDevice
    case `${SOL_SOCKET} ${Linux.SO_BINDTOIFINDEX}`:
      return {
        set: (_, socket, value) => {
          const index = integer(value)
          if (value.length < 4 || index < 0) return "EINVAL"
          socket.settings.boundDevice = index
          return undefined
        },
        get: (_, { settings }) => integerBytes(settings.boundDevice)
      }
    case `${SOL_SOCKET} ${Linux.SO_TXTIME}`:
      return {
        set: (_, socket, value) => {
          if (value.length !== 8) return "EINVAL"
          socket.settings.transmitTime = integer(value)
          return undefined
        },
        get: (_, { settings }) => {
          const bytes = new Uint8Array(8)
          new DataView(bytes.buffer).setInt32(0, Math.max(0, settings.transmitTime), true)
          return bytes
        }
      }
    case `${SOL_SOCKET} ${Linux.SO_ATTACH_REUSEPORT_CBPF}`:
      return steering
    case `${IPPROTO_IP} ${Linux.IP_MULTICAST_IF}`:
      return multicastInterface4
    case `${IPPROTO_IPV6} ${Linux.IPV6_MULTICAST_IF}`:
      return indexOption("ipv6", "multicastInterface", (value) => value)
    case `${IPPROTO_IP} ${Linux.IP_UNICAST_IF}`:
      return indexOption("ipv4", "unicastInterface", swapped)
    case `${IPPROTO_IPV6} ${Linux.IPV6_UNICAST_IF}`:
      return indexOption("ipv6", "unicastInterface", swapped)
    default:
      return level === IPPROTO_IPV6 && stickyTypes.has(option) ? sticky(stickyTypes.get(option) ?? 0) : undefined
  }
}

const bindToDevice: { readonly set: Set; readonly get: Get } = {
  set: ({ routes }, { settings }, value) => {
    const name = String.fromCharCode(...value.subarray(0, 15)).replace(/\0.*$/s, "")
    const device = name === "" ? undefined : routes.deviceNamed(name)
    if (name !== "" && device === undefined) return "ENODEV"
    settings.boundDevice = device?.index ?? 0
    return undefined
  },
  get: ({ routes }, { settings }) => {
    const name = routes.device(settings.boundDevice)?.name
    return name === undefined ? noBytes : Uint8Array.from(`${name}\0`, (each) => each.charCodeAt(0))
  }
}

/** The value is the program, as the driver of Linux takes it. It applies to all sockets of a port, so the latest one counts. */
const steering: { readonly set: Set; readonly get: Get } = {
  set: (_, socket, value) => {
    if (socket.settings.reusePort === 0) return "EINVAL"
    socket.filter = { order: ++filters, program: value.slice() }
    return undefined
  },
  get: () => "ENOPROTOOPT"
}
let filters = 0

/** `struct in_addr`, `ip_mreq` or `ip_mreqn`: an address, or an index. */
const multicastInterface4: { readonly set: Set; readonly get: Get } = {
  set: ({ routes }, { settings }, value) => {
    if (value.length < 4) return "EINVAL"
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
    const index = value.length >= 12 ? view.getInt32(8, true) : 0
    const wanted = view.getUint32(value.length >= 8 ? 4 : 0)
    const byAddress = routes
      .addresses("ipv4")
      .find((address) => address.family === "ipv4" && address.value === wanted && wanted !== 0)
    const device = index !== 0 ? routes.device(index) : byAddress && routes.owner(byAddress)
    if (device === undefined && (index !== 0 || wanted !== 0)) return "EADDRNOTAVAIL"
    settings.ipv4.multicastInterface = device?.index ?? 0
    return undefined
  },
  get: () => integerBytes(0)
}

const indexOption = (
  family: "ipv4" | "ipv6",
  name: "multicastInterface" | "unicastInterface",
  order: (value: number) => number
): { readonly set: Set; readonly get: Get } => ({
  set: ({ routes }, { settings }, value) => {
    // Linux: IPv4's is an integer of any width, IPv6's has four bytes.
    if (value.length < 4) return "EINVAL"
    const index = order(integer(value) >>> 0)
    if (index !== 0) {
      if (routes.device(index) === undefined)
        return name === "unicastInterface" || family === "ipv4" ? "EADDRNOTAVAIL" : "ENODEV"
      if (settings.boundDevice !== 0 && settings.boundDevice !== index) return "EINVAL"
    }
    settings[family][name] = index
    return undefined
  },
  get: (_, { settings }) => integerBytes(order(settings[family][name]))
})

const sticky = (type: number): { readonly set: Set; readonly get: Get } => ({
  set: (_, { settings }, value) => {
    if (value.length === 0) {
      settings.stickyHeaders.delete(type)
      return undefined
    }
    if (value.length % 8 !== 0 || ((value[1] ?? 0) + 1) * 8 !== value.length) return "EINVAL"
    settings.stickyHeaders.set(type, value.slice())
    return undefined
  },
  get: (_, { settings }) => settings.stickyHeaders.get(type) ?? noBytes
})

/** Options of IPv4 for which no bytes mean 0. */
const mayBeEmpty: ReadonlyArray<number> = [
  Linux.IP_PKTINFO,
  Linux.IP_RECVTTL,
  Linux.IP_RECVOPTS,
  Linux.IP_RECVTOS,
  Linux.IP_RETOPTS,
  Linux.IP_TOS,
  Linux.IP_MTU_DISCOVER,
  Linux.IP_RECVERR,
  Linux.IP_RECVERR_RFC4884,
  Linux.IP_RECVORIGDSTADDR,
  Linux.IP_CHECKSUM,
  Linux.IP_RECVFRAGSIZE
]

export const setOption = (
  host: Sharing,
  socket: SocketState,
  level: number,
  option: number,
  value: Uint8Array
): ErrorName | undefined => {
  if (level === IPPROTO_IPV6 && socket.family === "ipv4") return "ENOPROTOOPT"
  if (isMembershipOption(Linux, level, option)) return setMembership(abi, Linux, host, socket, level, option, value)
  const other = special(level, option)
  if (other !== undefined) return other.set(host, socket, value)
  const known = numberOption(level, option)
  if (known === undefined) return "ENOPROTOOPT"
  // Linux: only options of IPv4 may have one byte, and some of them none.
  const isUnchecked = level === IPPROTO_IPV6 && option === Linux.IPV6_DONTFRAG
  const least = isUnchecked ? 0 : level !== IPPROTO_IP ? 4 : mayBeEmpty.includes(option) ? 0 : 1
  if (isUnchecked && value.length < 4) return known.set(socket, 0)
  if (value.length < least) return "EINVAL"
  return known.set(socket, integer(value))
}

export const getOption = (
  host: Sharing,
  socket: SocketState,
  level: number,
  option: number,
  room: number
): Uint8Array | ErrorName => {
  if (level === IPPROTO_IPV6 && socket.family === "ipv4") return "EOPNOTSUPP"
  if (level === SOL_SOCKET && option === SO_ERROR) {
    const { pending } = socket
    socket.pending = undefined
    return integerBytes(pending === undefined ? 0 : errnos[pending])
  }
  const other = special(level, option)
  if (other !== undefined) return other.get(host, socket)
  const known = numberOption(level, option)
  if (known === undefined) return "ENOPROTOOPT"
  const value = known.get(socket)
  // Linux: an option of IPv4 is returned in one byte if there is no room for four.
  if (level === IPPROTO_IP && room < 4 && room > 0 && value >= 0 && value <= 255) return Uint8Array.of(value)
  return integerBytes(value)
}

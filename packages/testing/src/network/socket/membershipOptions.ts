/** Options that join and leave groups: RFC 3678 for both families, with the numbers of a system. */
import { type Abi, Codec, SocketAddress } from "@ancillary/control"
import { type Address, withoutZone } from "../address.ts"
import type { Device } from "../ip/device.ts"
import type { Sharing } from "./binding.ts"
import type { ErrorName } from "./errors.ts"
import type { SocketState } from "./socket.ts"

/** Numbers of the options, which both families share. */
export interface MembershipNumbers {
  readonly IPPROTO_IP: number
  readonly IPPROTO_IPV6: number
  readonly MCAST_JOIN_GROUP: number
  readonly MCAST_LEAVE_GROUP: number
  readonly MCAST_JOIN_SOURCE_GROUP: number
  readonly MCAST_LEAVE_SOURCE_GROUP: number
  readonly MCAST_BLOCK_SOURCE: number
  readonly MCAST_UNBLOCK_SOURCE: number
}

const addressAt = (abi: Abi, value: Uint8Array, at: number): Address | undefined => {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const family = view.getUint16(at, true)
  const size = family === abi.family.ipv4 ? abi.sockaddr.ipv4 : family === abi.family.ipv6 ? abi.sockaddr.ipv6 : 0
  if (size === 0 || at + size > value.length) return undefined
  const end = SocketAddress.read(abi, view, at, size)
  return Codec.isMalformed(end) || end.family === "unix" ? undefined : withoutZone(end.address)
}

export const isMembershipOption = (numbers: MembershipNumbers, level: number, option: number): boolean =>
  (level === numbers.IPPROTO_IP || level === numbers.IPPROTO_IPV6) &&
  [
    numbers.MCAST_JOIN_GROUP,
    numbers.MCAST_LEAVE_GROUP,
    numbers.MCAST_JOIN_SOURCE_GROUP,
    numbers.MCAST_LEAVE_SOURCE_GROUP,
    numbers.MCAST_BLOCK_SOURCE,
    numbers.MCAST_UNBLOCK_SOURCE
  ].includes(option)

export const setMembership = (
  abi: Abi,
  numbers: MembershipNumbers,
  { routes }: Sharing,
  { memberships }: SocketState,
  level: number,
  option: number,
  value: Uint8Array
): ErrorName | undefined => {
  const isSource = value.length >= abi.groupSourceReq.size
  const needsSource = option !== numbers.MCAST_JOIN_GROUP && option !== numbers.MCAST_LEAVE_GROUP
  if (value.length < abi.groupReq.size || (needsSource && !isSource)) return "EINVAL"
  const group = addressAt(abi, value, abi.groupReq.group)
  const family = level === numbers.IPPROTO_IP ? "ipv4" : "ipv6"
  if (group === undefined || group.family !== family) return family === "ipv4" ? "EINVAL" : "EADDRNOTAVAIL"
  const isLeave4 = option === numbers.MCAST_LEAVE_GROUP && family === "ipv4"
  if (!group.isMulticast && !isLeave4) return "EINVAL"
  const index = new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true)
  const device: Device | undefined = index === 0 ? routes.find(group)?.device : routes.device(index)
  if (option === numbers.MCAST_LEAVE_GROUP) {
    const where = index === 0 ? undefined : index
    // Linux: IPv4 looks for the interface first, IPv6 for the membership.
    if (where === undefined && family === "ipv4" && device === undefined) return "ENODEV"
    return memberships.leave(group, where)
  }
  if (device === undefined) return "ENODEV"
  if (option === numbers.MCAST_JOIN_GROUP) return memberships.join(group, device.index, index === 0)
  const source = addressAt(abi, value, abi.groupSourceReq.source)
  if (source === undefined || source.family !== family) return "EADDRNOTAVAIL"
  switch (option) {
    case numbers.MCAST_JOIN_SOURCE_GROUP:
      return memberships.joinSource(group, device.index, source, index === 0)
    case numbers.MCAST_LEAVE_SOURCE_GROUP:
      return memberships.leaveSource(group, device.index, source, index === 0)
    case numbers.MCAST_BLOCK_SOURCE:
      return memberships.block(group, device.index, source, index === 0)
    default:
      return memberships.unblock(group, device.index, source, index === 0)
  }
}

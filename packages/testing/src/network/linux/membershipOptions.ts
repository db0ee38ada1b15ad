/** Options of Linux that join and leave groups: RFC 3678 for both families. */
import { Abi, Codec, SocketAddress } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import { type Address, withoutZone } from "../address.ts"
import type { Device } from "../ip/device.ts"
import type { Sharing } from "../socket/binding.ts"
import type { ErrorName } from "../socket/errors.ts"
import type { SocketState } from "../socket/socket.ts"

const abi = Abi.linuxGlibc64

const addressAt = (value: Uint8Array, at: number): Address | undefined => {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const family = view.getUint16(at, true)
  const size = family === abi.family.ipv4 ? abi.sockaddr.ipv4 : family === abi.family.ipv6 ? abi.sockaddr.ipv6 : 0
  if (size === 0 || at + size > value.length) return undefined
  const end = SocketAddress.read(abi, view, at, size)
  return Codec.isMalformed(end) || end.family === "unix" ? undefined : withoutZone(end.address)
}

const membershipOptions: ReadonlyArray<number> = [
  Linux.MCAST_JOIN_GROUP,
  Linux.MCAST_LEAVE_GROUP,
  Linux.MCAST_JOIN_SOURCE_GROUP,
  Linux.MCAST_LEAVE_SOURCE_GROUP,
  Linux.MCAST_BLOCK_SOURCE,
  Linux.MCAST_UNBLOCK_SOURCE
]

export const isMembershipOption = (level: number, option: number): boolean =>
  (level === Linux.IPPROTO_IP || level === Linux.IPPROTO_IPV6) && membershipOptions.includes(option)

export const setMembership = (
  { routes }: Sharing,
  { memberships }: SocketState,
  level: number,
  option: number,
  value: Uint8Array
): ErrorName | undefined => {
  const isSource = value.length >= abi.groupSourceReq.size
  const needsSource = option !== Linux.MCAST_JOIN_GROUP && option !== Linux.MCAST_LEAVE_GROUP
  if (value.length < abi.groupReq.size || (needsSource && !isSource)) return "EINVAL"
  const group = addressAt(value, abi.groupReq.group)
  const family = level === Linux.IPPROTO_IP ? "ipv4" : "ipv6"
  if (group === undefined || group.family !== family) return family === "ipv4" ? "EINVAL" : "EADDRNOTAVAIL"
  const isLeave4 = option === Linux.MCAST_LEAVE_GROUP && family === "ipv4"
  if (!group.isMulticast && !isLeave4) return "EINVAL"
  const index = new DataView(value.buffer, value.byteOffset, value.byteLength).getUint32(0, true)
  const device: Device | undefined = index === 0 ? routes.find(group)?.device : routes.device(index)
  if (option === Linux.MCAST_LEAVE_GROUP) {
    const where = index === 0 ? undefined : index
    // Linux: IPv4 looks for the interface first, IPv6 for the membership.
    if (where === undefined && family === "ipv4" && device === undefined) return "ENODEV"
    return memberships.leave(group, where)
  }
  if (device === undefined) return "ENODEV"
  if (option === Linux.MCAST_JOIN_GROUP) return memberships.join(group, device.index, index === 0)
  const source = addressAt(value, abi.groupSourceReq.source)
  if (source === undefined || source.family !== family) return "EADDRNOTAVAIL"
  switch (option) {
    case Linux.MCAST_JOIN_SOURCE_GROUP:
      return memberships.joinSource(group, device.index, source, index === 0)
    case Linux.MCAST_LEAVE_SOURCE_GROUP:
      return memberships.leaveSource(group, device.index, source, index === 0)
    case Linux.MCAST_BLOCK_SOURCE:
      return memberships.block(group, device.index, source, index === 0)
    default:
      return memberships.unblock(group, device.index, source, index === 0)
  }
}

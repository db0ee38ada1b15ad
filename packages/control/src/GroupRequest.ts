/**
 * Structures that request a group membership: group, interface and source. They are `group_req` and `group_source_req`
 * (RFC 3678), and the older `ip_mreq` and `ipv6_mreq`.
 *
 * @see RFC 3678 section 5; RFC 3493 section 5.2; ip(7); ws2ipdef.h
 * @since 0.1.0
 */
import type { Abi } from "./Abi.ts"
import { InternetEndpoint } from "./Endpoint.ts"
import { isIpv4, isIpv6 } from "./internal/addresses.ts"
import { format, within } from "./internal/bounds.ts"
import { Ipv4Address } from "./Ipv4Address.ts"
import { Ipv6Address } from "./Ipv6Address.ts"
import * as SocketAddress from "./SocketAddress.ts"

/**
 * A requested membership. Group and source are of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface GroupRequest {
  readonly group: Ipv4Address | Ipv6Address
  /** 1 and above. Absent: the system chooses by its routes. */
  readonly interfaceIndex: number | undefined
  /** The only sender to receive from. Absent: any sender. */
  readonly source: Ipv4Address | Ipv6Address | undefined
}

/**
 * Encodes a `group_req`, or a `group_source_req` if the request has a source. Throws a `RangeError` if the index is not
 * an integer from 1 to 4294967295. Throws a `TypeError` if group and source are of two families.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (abi: Abi, { group, interfaceIndex, source }: GroupRequest): Uint8Array => {
  const { groupReq, groupSourceReq } = abi
  const index = indexOf(interfaceIndex, 0xffffffff)
  if (source !== undefined && (isIpv4(source) ? !isIpv4(group) : !(isIpv6(source) && isIpv6(group))))
    throw new TypeError(
      `The source ${format(source)} and the group ${format(group)}: give two addresses of one family.`
    )
  const bytes = new Uint8Array(source === undefined ? groupReq.size : groupSourceReq.size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, index, true)
  writeAddress(abi, group, view, groupReq.group)
  if (source !== undefined) writeAddress(abi, source, view, groupSourceReq.source)
  return bytes
}

/**
 * Encodes an `ip_mreq` that has an index as its interface, or an `ipv6_mreq`.
 *
 * **Details**
 *
 * If an interface address is in 0.0.0.0/8, Winsock reads it as the interface's index, in network byte order. The index
 * of an IPv4 interface is therefore 1 to 16777215. Any other index throws a `RangeError`.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writeMreq = ({ group, interfaceIndex }: GroupRequest): Uint8Array => {
  const is4 = group instanceof Ipv4Address
  const index = indexOf(interfaceIndex, is4 ? 0xffffff : 0xffffffff)
  const bytes = new Uint8Array(is4 ? 8 : 20)
  const view = new DataView(bytes.buffer)
  if (is4) {
    view.setUint32(0, group.value)
    view.setUint32(4, index)
  } else {
    SocketAddress.writeIpv6(view, 0, group)
    view.setUint32(16, index, true)
  }
  return bytes
}

/** Returns the interface index, or 0, with which the system chooses. */
const indexOf = (given: number | undefined, maximum: number): number =>
  given === undefined ? 0 : within("An interface index", given, 1, maximum)

/** Writes an address with port 0 and without a zone, because the request has the interface in its own field. */
const writeAddress = (abi: Abi, address: Ipv4Address | Ipv6Address, view: DataView, at: number): void => {
  const endpoint =
    address instanceof Ipv4Address
      ? new InternetEndpoint("ipv4", address, 0)
      : new InternetEndpoint("ipv6", new Ipv6Address(address.a, address.b, address.c, address.d), 0)
  SocketAddress.write(abi, endpoint, view, at)
}

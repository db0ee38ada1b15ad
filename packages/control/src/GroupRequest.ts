/**
 * Which group, on which interface, from which source: the structures that a membership is asked for with, `group_req` and `group_source_req`
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
 * A membership as it is requested. Group and source are of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface GroupRequest {
  readonly group: Ipv4Address | Ipv6Address
  /** 1 and above; absent: the system chooses, by its routes. */
  readonly interfaceIndex: number | undefined
  /** The one sender that is meant; absent: whoever sends. */
  readonly source: Ipv4Address | Ipv6Address | undefined
}

/**
 * A `group_req`, or a `group_source_req` if the request names a source. Throws a `RangeError` if the index is not an integer from 1 to 4294967295,
 * and a `TypeError` if group and source are of two families.
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
 * An `ip_mreq` whose interface is an index, or an `ipv6_mreq`.
 *
 * **Details**
 *
 * Winsock takes an address of 0.0.0.0/8 where an interface's address stands as the interface's index, in network byte order. So the index of an
 * IPv4 interface is 1 to 16777215. Others throw a `RangeError`.
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

/** 0 leaves the choice to the system. */
const indexOf = (given: number | undefined, maximum: number): number =>
  given === undefined ? 0 : within("An interface index", given, 1, maximum)

/** Port 0 and no zone: the interface is told beside them. */
const writeAddress = (abi: Abi, address: Ipv4Address | Ipv6Address, view: DataView, at: number): void => {
  const endpoint =
    address instanceof Ipv4Address
      ? new InternetEndpoint("ipv4", address, 0)
      : new InternetEndpoint("ipv6", new Ipv6Address(address.a, address.b, address.c, address.d), 0)
  SocketAddress.write(abi, endpoint, view, at)
}

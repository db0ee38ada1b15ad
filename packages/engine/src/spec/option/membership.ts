/**
 * Calls by which each platform joins and leaves a group.
 *
 * @see RFC 3678 section 5; ip(7); IPPROTO_IP and IPPROTO_IPV6 socket options
 * @since 0.1.0
 */
import { type Abi, GroupRequest, type Platform } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"

/**
 * Kind of a membership: a group from any source, a group from one source, or a blocked source in a joined group.
 *
 * @category models
 * @since 0.1.0
 */
export type MembershipKind = "group" | "source" | "block"

/**
 * The two calls of a membership.
 *
 * @category models
 * @since 0.1.0
 */
export interface MembershipRow {
  /** Name in the headers of the option that starts the membership. */
  readonly name: string
  readonly level: number
  readonly begin: number
  readonly end: number
  readonly encode: (abi: Abi, request: GroupRequest.GroupRequest) => Uint8Array
}

type Numbers = { readonly [K in MembershipKind]: { readonly begin: number; readonly end: number } }

const linux: Numbers = {
  group: { begin: Linux.MCAST_JOIN_GROUP, end: Linux.MCAST_LEAVE_GROUP },
  source: { begin: Linux.MCAST_JOIN_SOURCE_GROUP, end: Linux.MCAST_LEAVE_SOURCE_GROUP },
  block: { begin: Linux.MCAST_BLOCK_SOURCE, end: Linux.MCAST_UNBLOCK_SOURCE }
}
const darwin: Numbers = {
  group: { begin: Darwin.MCAST_JOIN_GROUP, end: Darwin.MCAST_LEAVE_GROUP },
  source: { begin: Darwin.MCAST_JOIN_SOURCE_GROUP, end: Darwin.MCAST_LEAVE_SOURCE_GROUP },
  block: { begin: Darwin.MCAST_BLOCK_SOURCE, end: Darwin.MCAST_UNBLOCK_SOURCE }
}
const winsock: Numbers = {
  group: { begin: Winsock.MCAST_JOIN_GROUP, end: Winsock.MCAST_LEAVE_GROUP },
  source: { begin: Winsock.MCAST_JOIN_SOURCE_GROUP, end: Winsock.MCAST_LEAVE_SOURCE_GROUP },
  block: { begin: Winsock.MCAST_BLOCK_SOURCE, end: Winsock.MCAST_UNBLOCK_SOURCE }
}
const numbers: { readonly [P in Platform]: Numbers } = { linux, darwin, winsock }
const names = { group: "MCAST_JOIN_GROUP", source: "MCAST_JOIN_SOURCE_GROUP", block: "MCAST_BLOCK_SOURCE" }
const levels: { readonly [P in Platform]: { readonly ipv4: number; readonly ipv6: number } } = {
  linux: { ipv4: Linux.IPPROTO_IP, ipv6: Linux.IPPROTO_IPV6 },
  darwin: { ipv4: Darwin.IPPROTO_IP, ipv6: Darwin.IPPROTO_IPV6 },
  winsock: { ipv4: Winsock.IPPROTO_IP, ipv6: Winsock.IPPROTO_IPV6 }
}

/**
 * Winsock: Wine 8 supports no MCAST_ option (WSAENOPROTOOPT). Of the older options it supports only those for groups from any source.
 * Windows has both.
 */
const older: { readonly ipv4: MembershipRow; readonly ipv6: MembershipRow } = {
  ipv4: {
    name: "IP_ADD_MEMBERSHIP",
    level: Winsock.IPPROTO_IP,
    begin: Winsock.IP_ADD_MEMBERSHIP,
    end: Winsock.IP_DROP_MEMBERSHIP,
    encode: (_, request) => GroupRequest.writeMreq(request)
  },
  ipv6: {
    name: "IPV6_ADD_MEMBERSHIP",
    level: Winsock.IPPROTO_IPV6,
    begin: Winsock.IPV6_ADD_MEMBERSHIP,
    end: Winsock.IPV6_DROP_MEMBERSHIP,
    encode: (_, request) => GroupRequest.writeMreq(request)
  }
}

/**
 * Calls for a membership, in order of preference. The first one that the system supports is used.
 *
 * @category definitions
 * @since 0.1.0
 */
export const membershipRows = (
  platform: Platform,
  family: "ipv4" | "ipv6",
  kind: MembershipKind
): ReadonlyArray<MembershipRow> => {
  const row = {
    name: names[kind],
    level: levels[platform][family],
    encode: GroupRequest.write,
    ...numbers[platform][kind]
  }
  return platform === "winsock" && kind === "group" ? [row, older[family]] : [row]
}

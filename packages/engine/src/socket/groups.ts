/** Converts a group that a program wrote to a membership, which lasts until it is left. */
import { Codec, type Family, type GroupRequest, Ipv4Address, Ipv6Address, parseAddress } from "@ancillary/control"
import {
  type DatagramMembershipError,
  invalidMembership,
  membershipClosed,
  membershipError,
  notJoined
} from "../errors/DatagramError.ts"
import { isFault } from "../driver/Driver.ts"
import type { MembershipKind } from "../spec/option/membership.ts"
import { validateIndex } from "../spec/option/values.ts"
import type { Memberships } from "./memberships.ts"
import { type Names, withIndex } from "../driver/zones.ts"

/** A socket that may be closed. */
interface Open {
  readonly closed: boolean
  readonly plan: { readonly family: Family }
  readonly memberships: Memberships
}

/** Arguments of a program, without their types. */
interface Given {
  readonly group: unknown
  readonly source: unknown
  readonly interfaceIndex: unknown
}

/** A validated request, and the text of its group for errors. */
interface Asked {
  readonly kind: MembershipKind
  readonly request: GroupRequest.GroupRequest
  readonly shown: string
}

/**
 * A membership, or a blocked source, that is held until `end` is called.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface Joined {
  readonly end: () => void
}

type Read = (Given & { readonly kind: MembershipKind }) | string

/** Joins a group, from one source if the options name one. */
export const joinGroup = (core: Open, group: unknown, options: unknown): Joined | DatagramMembershipError =>
  begin(core, group, () => readGroup(group, options))

/** Blocks one source of a group. */
export const blockSource = (
  core: Open,
  group: unknown,
  source: unknown,
  options: unknown
): Joined | DatagramMembershipError =>
  begin(core, group, () => {
    const given = read(group, options)
    return typeof given === "string" ? given : { ...given, source, kind: "block" }
  })

/** Leaves a group for all members of this socket. Returns the error if the system refuses. */
export const leaveGroup = (core: Open, group: unknown, options: unknown): DatagramMembershipError | undefined => {
  const asked = check(core, group, () => readGroup(group, options))
  if (!("request" in asked)) return asked
  const { kind, request, shown } = asked
  const refused = core.memberships.leave(request)
  if (refused === undefined) return undefined
  const what = describe(kind, request, "Leaving")
  // Linux and Windows return it for a group that the socket has not joined on that interface. Linux returns EINVAL for a source of such a
  // group.
  return /^(WSA)?E(ADDRNOTAVAIL|INVAL)$/.test(refused.code)
    ? notJoined(refused, shown, what)
    : membershipError(refused, what, shown)
}

const readGroup = (group: unknown, options: unknown): Read => {
  const given = read(group, options)
  return typeof given === "string" ? given : { ...given, kind: given.source === undefined ? "group" : "source" }
}

const begin = (core: Open, group: unknown, given: () => Read): Joined | DatagramMembershipError => {
  const asked = check(core, group, given)
  if (!("request" in asked)) return asked
  const { kind, request, shown } = asked
  const held = core.memberships.begin(kind, request)
  if (isFault(held)) return membershipError(held, describe(kind, request), shown)
  if ("why" in held) return invalidMembership(shown, `${held.why}.`, held.reason)
  let isHeld = true
  return {
    end: () => {
      if (isHeld) core.memberships.end(held)
      isHeld = false
    }
  }
}

const check = (core: Open, group: unknown, given: () => Read): Asked | DatagramMembershipError => {
  const shown = typeof group === "string" ? group : attempt(() => Codec.format(group))
  if (core.closed) return membershipClosed(shown)
  const written = attempt(given)
  if (typeof written === "string") return invalidMembership(shown, `${written}.`)
  const request = attempt(() => requestOf(core.plan.family, core.memberships.names, written))
  return typeof request === "string" ? invalidMembership(shown, `${request}.`) : { kind: written.kind, request, shown }
}

/** Values of a program may throw when they are read, for example by a getter or a proxy. */
const attempt = <A>(f: () => A): A | string => {
  try {
    return f()
  } catch {
    return "An argument throws when it is read: give addresses as texts, and the index as a number"
  }
}

/** Reads each option once. */
const read = (group: unknown, options: unknown): Given | string => {
  if (options === undefined) return { group, source: undefined, interfaceIndex: undefined }
  if (typeof options !== "object" || options === null)
    return `${Codec.format(options)} is not a record of options: give { interfaceIndex, source }`
  const { interfaceIndex, source } = options as { readonly interfaceIndex?: unknown; readonly source?: unknown }
  return { group, source, interfaceIndex }
}

const describe = (
  kind: MembershipKind,
  { group, interfaceIndex, source }: GroupRequest.GroupRequest,
  what = "Joining"
): string => {
  const where = interfaceIndex === undefined ? "" : ` on interface ${interfaceIndex}`
  if (kind === "block") return `Blocking ${source} in ${group}${where}`
  return `${what} ${group}${source === undefined ? "" : ` from ${source}`}${where}`
}

/** Returns the request, or the reason why it is invalid. */
const requestOf = (
  family: Family,
  names: Names,
  given: Given & { readonly kind: MembershipKind }
): GroupRequest.GroupRequest | string => {
  if (family === "unix") return "A Unix socket joins no groups"
  const group = addressOf(family, names, given.group)
  if (typeof group === "string") return group
  if (!group.isMulticast)
    return `${group} is no group: those are 224.0.0.0 to 239.255.255.255, and addresses of ff00::/8`
  const source = given.kind === "group" ? undefined : addressOf(family, names, given.source)
  if (typeof source === "string") return source
  if (source !== undefined && source.family !== group.family)
    return `The source ${source} is of another address family than the group ${group}`
  if (source?.isMulticast === true || source?.isUnspecified === true)
    return `${source} cannot be a source: give a unicast address`
  const refused = validateIndex(given.interfaceIndex)
  if (refused !== undefined) return refused
  const index = typeof given.interfaceIndex === "number" ? given.interfaceIndex : undefined
  const zone = group instanceof Ipv6Address && group.zone !== 0 ? group.zone : undefined
  if (zone !== undefined && index !== undefined && zone !== index)
    return `${group} names interface ${zone}, and interfaceIndex ${index}: give one of them`
  return { group: unzoned(group), source: source && unzoned(source), interfaceIndex: index ?? zone }
}

/** The interface is given once, beside the addresses. Two requests for one group are then equal, however the group was written. */
const unzoned = (address: Ipv4Address | Ipv6Address): Ipv4Address | Ipv6Address =>
  address instanceof Ipv6Address ? new Ipv6Address(address.a, address.b, address.c, address.d) : address

const addressOf = (
  family: "ipv4" | "ipv6" | "dual",
  names: Names,
  given: unknown
): Ipv4Address | Ipv6Address | string => {
  const text = typeof given === "string" ? withIndex(names, given) : given
  const address = typeof text === "string" ? parseAddress(text) : text
  if (typeof given === "string" && Codec.isMalformed(address)) return address.malformed
  if (address instanceof Ipv4Address)
    return family === "ipv6" ? `${address} is an IPv4 address, this socket speaks IPv6 only` : address
  if (address instanceof Ipv6Address) {
    if (family === "ipv4") return `${address} is an IPv6 address, this socket speaks IPv4 only`
    return (family === "dual" ? address.toIpv4() : undefined) ?? address
  }
  return `${Codec.format(given)} is not an IP address`
}

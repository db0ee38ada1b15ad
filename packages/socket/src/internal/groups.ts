/**
 * From what a program writes to a membership that its scope holds.
 */
import { Codec, type Family, type GroupRequest, Ipv4Address, Ipv6Address, parseAddress } from "@ancillary/control"
import { Effect, type Scope } from "effect"
import {
  type DatagramMembershipError,
  invalidMembership,
  membershipClosed,
  membershipError
} from "../DatagramMembershipError.ts"
import { isFault } from "../Driver.ts"
import type { MembershipKind } from "../option/membership.ts"
import { refuseIndex } from "../option/values.ts"
import type { Memberships } from "./memberships.ts"

/** A socket that may be closed by now. */
interface Open {
  readonly closed: boolean
  readonly plan: { readonly family: Family }
  readonly memberships: Memberships
}

/** What a program gives, before its types. */
interface Given {
  readonly group: unknown
  readonly source?: unknown
  readonly interfaceIndex?: unknown
}

export const hold = (
  core: Open,
  kind: MembershipKind,
  given: Given
): Effect.Effect<void, DatagramMembershipError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.suspend(() => {
        const shown = typeof given.group === "string" ? given.group : Codec.shown(given.group)
        if (core.closed) return Effect.fail(membershipClosed(shown))
        const request = requestOf(core.plan.family, kind, given)
        if (typeof request === "string") return Effect.fail(invalidMembership(shown, `${request}.`))
        const held = core.memberships.begin(kind, request)
        if (isFault(held)) return Effect.fail(membershipError(held, describe(kind, request), shown))
        return "why" in held ? Effect.fail(invalidMembership(shown, `${held.why}.`, held.reason)) : Effect.succeed(held)
      }),
      (held) => Effect.sync(() => core.memberships.end(held))
    )
  )

const describe = (kind: MembershipKind, { group, interfaceIndex, source }: GroupRequest.GroupRequest): string => {
  const where = interfaceIndex === undefined ? "" : ` on interface ${interfaceIndex}`
  if (kind === "block") return `Blocking ${source} in ${group}${where}`
  return `Joining ${group}${source === undefined ? "" : ` from ${source}`}${where}`
}

/** The request, or why there can be none. */
const requestOf = (family: Family, kind: MembershipKind, given: Given): GroupRequest.GroupRequest | string => {
  if (family === "unix") return "A Unix socket joins no groups"
  const group = addressOf(family, given.group)
  if (typeof group === "string") return group
  if (!group.isMulticast)
    return `${group} is no group: those are 224.0.0.0 to 239.255.255.255, and addresses of ff00::/8`
  const source = kind === "group" ? undefined : addressOf(family, given.source)
  if (typeof source === "string") return source
  if (source !== undefined && source.family !== group.family)
    return `The source ${source} is of another address family than the group ${group}`
  if (source?.isMulticast === true || source?.isAny === true) return `${source} is no source: it is nobody's address`
  const refused = refuseIndex(given.interfaceIndex)
  if (refused !== undefined) return refused
  const index = typeof given.interfaceIndex === "number" ? given.interfaceIndex : undefined
  const zone = group instanceof Ipv6Address && group.zone !== 0 ? group.zone : undefined
  if (zone !== undefined && index !== undefined && zone !== index)
    return `${group} names interface ${zone}, and interfaceIndex ${index}: give one of them`
  return { group: unzoned(group), source: source && unzoned(source), interfaceIndex: index ?? zone }
}

/** The interface is told beside the addresses, once: the same group is the same however it was written. */
const unzoned = (address: Ipv4Address | Ipv6Address): Ipv4Address | Ipv6Address =>
  address instanceof Ipv6Address ? new Ipv6Address(address.a, address.b, address.c, address.d) : address

const addressOf = (family: "ipv4" | "ipv6" | "dual", given: unknown): Ipv4Address | Ipv6Address | string => {
  const address = typeof given === "string" ? parseAddress(given) : given
  if (Codec.isMalformed(address)) return address.malformed
  if (address instanceof Ipv4Address)
    return family === "ipv6" ? `${address} is an IPv4 address, this socket speaks IPv6 only` : address
  if (address instanceof Ipv6Address) {
    if (family === "ipv4") return `${address} is an IPv6 address, this socket speaks IPv4 only`
    return (family === "dual" ? address.toIpv4() : undefined) ?? address
  }
  return `${Codec.shown(given)} is not an IP address`
}

/**
 * What can go wrong when a group is joined.
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import type { Fault } from "../driver/Driver.ts"
import { bare, bindAnother, closed, described, type Described, remedyOfOthers, told, unmade } from "./format.ts"

/**
 * A group was not joined or not left, or a source in it not silenced. The socket's other memberships are as they were.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramMembershipError extends Data.TaggedError("DatagramMembershipError")<
  Described & {
    readonly reason:
      | "InvalidArgument"
      | "NoSuchInterface"
      | "AlreadyJoined"
      | "NotJoined"
      | "TooManyMemberships"
      | "Unsupported"
      | "Closed"
      | "Other"
    /** As it was given. */
    readonly group: string
  }
> {}

const noInterface = "There is no such interface, or no route says which: give the index of one that is up"
const tooMany =
  "The system allows a socket no more of them: join on another socket, or raise its limit (Linux: net.ipv4.igmp_max_memberships, net.ipv4.igmp_max_msf, net.ipv6.mld_max_msf, net.core.optmem_max)"

const membershipReasons: { readonly [code in string]?: readonly [DatagramMembershipError["reason"], string] } = {
  EINVAL: ["InvalidArgument", "The kernel refuses this group, source or interface: check all three"],
  ENODEV: ["NoSuchInterface", noInterface],
  EADDRNOTAVAIL: ["NoSuchInterface", noInterface],
  EADDRINUSE: [
    "AlreadyJoined",
    "This socket has joined the group on that interface by other means (once by index, once by the routes?): join it one way"
  ],
  ENOBUFS: ["TooManyMemberships", tooMany],
  ENOMEM: ["TooManyMemberships", tooMany],
  ENOPROTOOPT: [
    "Unsupported",
    "This system has no such memberships: join the group from whoever sends, and drop what is not wanted"
  ]
}

/**
 * A membership that the system refused. `what` begins the sentence that the error says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const membershipError = (fault: Fault, what: string, group: string): DatagramMembershipError => {
  const [reason, remedy] = membershipReasons[bare(fault.code)] ?? ["Other", remedyOfOthers]
  return new DatagramMembershipError({
    ...described(fault),
    reason,
    group,
    message: `${what} failed ${told(fault)}. ${remedy}.`
  })
}

/**
 * A group that was to be left and that the socket has not joined there. `what` begins the sentence of the error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notJoined = (fault: Fault, group: string, what: string): DatagramMembershipError =>
  new DatagramMembershipError({
    ...described(fault),
    reason: "NotJoined",
    group,
    message: `${what} failed ${told(fault)}. This socket has not joined it there: give the interface and the source that it was joined with.`
  })

/**
 * A membership that was refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidMembership = (
  group: string,
  message: string,
  reason: "InvalidArgument" | "NoSuchInterface" | "AlreadyJoined" | "NotJoined" = "InvalidArgument"
): DatagramMembershipError => new DatagramMembershipError({ ...unmade("setsockopt"), reason, group, message })

/**
 * A membership that was asked of a socket whose scope had ended.
 *
 * @category constructors
 * @since 0.1.0
 */
export const membershipClosed = (group: string): DatagramMembershipError =>
  new DatagramMembershipError({
    ...closed,
    reason: "Closed",
    group,
    message: bindAnother
  })

/**
 * What can go wrong when an option of a bound socket is set or got.
 *
 * @since 0.1.0
 */
import { Data } from "effect"
import type { Fault } from "../driver/Driver.ts"
import { bare, bindAnother, closed, described, type Described, remedyOfOthers, told, unmade } from "./format.ts"

/**
 * An option of a bound socket was not set, or could not be got. The socket is as it was, but where one of the two families of a dual socket had
 * taken the value already.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramOptionError extends Data.TaggedError("DatagramOptionError")<
  Described & {
    readonly reason: "InvalidArgument" | "PermissionDenied" | "Unsupported" | "Closed" | "Other"
    /** The option's name: `"SO_RCVBUF"`. */
    readonly option: string
  }
> {}

const optionReasons: { readonly [code in string]?: readonly [DatagramOptionError["reason"], string] } = {
  EINVAL: [
    "InvalidArgument",
    "The kernel refuses the value on this socket: check it against the documentation of the option"
  ],
  EADDRNOTAVAIL: ["InvalidArgument", "There is no such interface: check its index"],
  ENODEV: ["InvalidArgument", "There is no such interface: check its name or index"],
  ENOPROTOOPT: ["Unsupported", "This system does not have the option: leave it out here"],
  ENOTSUP: ["Unsupported", "Sockets of this kind do not have the option: leave it out here"],
  EOPNOTSUPP: ["Unsupported", "Sockets of this kind do not have the option: leave it out here"]
}

/**
 * What to do about an option that a platform does not have.
 *
 * @category errors
 * @since 0.1.0
 */
export const leaveItOut = "Leave it out where this system is served"

/**
 * Why an option was refused, and what to do. `privilege` is what the system wants of a process for it, where that is known.
 *
 * @category errors
 * @since 0.1.0
 */
export const optionReason = (
  fault: Fault,
  privilege: string | undefined
): readonly [DatagramOptionError["reason"], string] => {
  const code = bare(fault.code)
  if (code !== "EPERM" && code !== "EACCES") return optionReasons[code] ?? ["Other", remedyOfOthers]
  const what = privilege === undefined ? "a privilege" : `the privilege ${privilege}`
  return ["PermissionDenied", `It wants ${what}: grant it to the process, or leave the option out`]
}

/**
 * An option that the system refused to set or to get.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optionError = (fault: Fault, option: string, privilege?: string): DatagramOptionError => {
  const [reason, remedy] = optionReason(fault, privilege)
  const what = fault.syscall === "getsockopt" ? "Getting" : "Setting"
  return new DatagramOptionError({
    ...described(fault),
    reason,
    option,
    message: `${what} ${option} failed ${told(fault)}. ${remedy}.`
  })
}

/**
 * An option that was refused before any system call: its value cannot be, or the platform does not have it. `why` ends with what to do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidOption = (
  option: string,
  why: string,
  reason: "InvalidArgument" | "Unsupported",
  syscall: "setsockopt" | "getsockopt" = "setsockopt"
): DatagramOptionError =>
  new DatagramOptionError({
    ...unmade(syscall),
    reason,
    option,
    message: `${option}: ${why}.`
  })

/**
 * An option whose value was got and not understood.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknownValue = (option: string, malformed: string): DatagramOptionError =>
  new DatagramOptionError({
    ...unmade("getsockopt"),
    reason: "Other",
    option,
    message: `${option}: the system answers with what is none of its values (${malformed}). Define the option with a codec that reads it.`
  })

/**
 * An option of a socket whose scope had ended.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optionClosed = (option: string): DatagramOptionError =>
  new DatagramOptionError({
    ...closed,
    reason: "Closed",
    option,
    message: bindAnother
  })

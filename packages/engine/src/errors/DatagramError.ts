/**
 * What can go wrong, as tagged errors: one tag a situation that a caller would treat differently. Each carries the system call, the
 * platform's code and number where one was involved, and a sentence that ends with what to do.
 *
 * @since 0.1.0
 */
import type { Platform } from "@ancillary/control"
import { Data, Option } from "effect"
import { type BindReason, reasonOf } from "./bindReasons.ts"
import type { DatagramMembershipError } from "./DatagramMembershipError.ts"
import { type DatagramOptionError, leaveItOut, optionReason } from "./DatagramOptionError.ts"
import type { Fault } from "../driver/Driver.ts"
import { receiveReasons } from "./receiveReasons.ts"
import {
  bare,
  bindAnother,
  closed,
  described,
  type Described,
  remedyOfOthers,
  sendCall,
  told,
  unmade
} from "./format.ts"

export type { Described } from "./format.ts"

/**
 * A socket could not be opened, set up or bound.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramBindError extends Data.TaggedError("DatagramBindError")<
  Described & {
    readonly reason:
      | "AddressInUse"
      | "AddressNotAvailable"
      | "PermissionDenied"
      | "InvalidArgument"
      | "TooManyOpenFiles"
      | "Unreachable"
      | "Other"
    /** The option that could not be set, where one was concerned. */
    readonly option: Option.Option<string>
  }
> {}

/**
 * The platform lacks what a spec requires.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramUnsupportedError extends Data.TaggedError("DatagramUnsupportedError")<
  Described & {
    /** As the program wrote it: `withOriginalArrivalInterface()`. */
    readonly feature: string
    readonly why: string
    /** What to do, as a sentence. */
    readonly remedy: string
  }
> {}

/**
 * A datagram was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramSendError extends Data.TaggedError("DatagramSendError")<
  Described & {
    readonly reason:
      | "InvalidArgument"
      | "MessageTooLarge"
      | "Unreachable"
      | "AddressNotAvailable"
      | "ConnectionRefused"
      | "PermissionDenied"
      | "BufferFull"
      | "WouldBlock"
      | "Closed"
      | "Unsupported"
      | "Other"
    /** The field of what was given that is concerned: `"to"`, `"data"`, `"control.hopLimit"`. */
    readonly field: Option.Option<string>
    /** Bytes of the payload that went out before, in whole segments; 0 but for one that leaves in segments. */
    readonly sentBytes: number
  }
> {}

/**
 * A socket could not be read. `ConnectionRefused` and its like are the peer's word on an earlier send: the next read goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramReceiveError extends Data.TaggedError("DatagramReceiveError")<
  Described & {
    readonly reason: "ConnectionRefused" | "Unreachable" | "MessageTooLarge" | "InvalidArgument" | "Closed" | "Other"
  }
> {}

/**
 * The host's interfaces: nobody has that name or index, or the system would not tell.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramInterfaceError extends Data.TaggedError("DatagramInterfaceError")<
  Described & { readonly reason: "UnknownName" | "UnknownIndex" | "InvalidArgument" | "Other" }
> {}

/**
 * A received descriptor that cannot be taken: it was before, it is closed, or it never came with a datagram.
 *
 * @category errors
 * @since 0.1.0
 */
export class DescriptorUnavailableError extends Data.TaggedError("DescriptorUnavailableError")<{
  readonly reason: "Taken" | "Closed" | "Foreign"
  readonly message: string
}> {}

/**
 * Every error of a socket.
 *
 * @category errors
 * @since 0.1.0
 */
export type DatagramError =
  | DatagramBindError
  | DatagramUnsupportedError
  | DatagramSendError
  | DatagramReceiveError
  | DatagramInterfaceError
  | DatagramOptionError
  | DatagramMembershipError

const bindFailure = (fault: Fault, what: string, option: string | undefined, [reason, remedy]: BindReason) =>
  new DatagramBindError({
    ...described(fault),
    reason,
    option: Option.fromNullable(option),
    message: `${what} failed ${told(fault)}. ${remedy}.`
  })

/**
 * A call that failed while a socket was opened, set up or bound. `what` begins the sentence of the error; `known` replaces its remedy if more is known
 * than the code.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bindError = (fault: Fault, what: string, option?: string, known?: string): DatagramBindError => {
  const [reason, remedy] = reasonOf(fault)
  return bindFailure(fault, what, option, [reason, known ?? remedy])
}

/** By call, since the same code means another thing in each. */
const unixReasons: { readonly [callAndCode in string]?: BindReason } = {
  "bind EADDRINUSE": ["AddressInUse", "Another socket has that name: choose another, or stop the other program"],
  "bind EACCES": ["PermissionDenied", "Files cannot be made in that folder: choose another, or grant the right to"],
  "bind EROFS": ["AddressNotAvailable", "That file system is read-only: choose another path"],
  "bind ENOENT": ["AddressNotAvailable", "There is no such folder: make it first"],
  "bind ENOTDIR": ["AddressNotAvailable", "A part of the path is no folder: choose another path"],
  "connect ENOENT": ["Unreachable", "Nobody has that name: start the receiver first"],
  "connect ECONNREFUSED": ["Unreachable", "Nobody listens there: start the receiver first"],
  "connect EACCES": ["PermissionDenied", "The socket's file may not be written to: grant the right to"],
  "connect EPERM": ["PermissionDenied", "The socket there is connected, and takes from its peer alone: choose another"],
  "connect EPROTOTYPE": ["InvalidArgument", "The socket there is none for datagrams: give the name of one that is"]
}

/**
 * The same of the name of a Unix socket. `leftOver`: it is in use by a file that nobody listens on.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unixError = (fault: Fault, what: string, leftOver: boolean): DatagramBindError => {
  const known = unixReasons[`${fault.syscall} ${fault.code}`]
  if (known === undefined) return bindError(fault, what)
  const remedy =
    "A file is there that nobody listens on, left by a program that ended without removing it: remove it, or choose another path"
  return bindFailure(fault, what, undefined, leftOver ? [known[0], remedy] : known)
}

/**
 * A ping socket that could not be opened. Linux: EACCES says that the process is in no group that may.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pingError = (fault: Fault, feature: string): DatagramBindError =>
  fault.code === "EACCES"
    ? new DatagramBindError({
        ...described(fault),
        reason: "PermissionDenied",
        option: Option.none(),
        message: `${feature}: opening the socket failed ${told(fault)}. No group of this process may ping: sysctl net.ipv4.ping_group_range="0 2147483647" lets all of them.`
      })
    : bindError(fault, `${feature}: opening the socket`)

/**
 * Refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidBind = (message: string, option?: string): DatagramBindError =>
  new DatagramBindError({ ...unmade("bind"), reason: "InvalidArgument", option: Option.fromNullable(option), message })

/**
 * What a platform lacks: as the program wrote it, why, and what to do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsupported = (feature: string, why: string, remedy: string, fault?: Fault): DatagramUnsupportedError =>
  new DatagramUnsupportedError({
    ...(fault === undefined ? unmade("bind") : described(fault)),
    feature,
    why,
    remedy,
    message: `${feature}: ${why}${fault === undefined ? "" : ` ${told(fault)}`}. ${remedy}.`
  })

/**
 * An option that the system refused while its socket was set up.
 *
 * @category constructors
 * @since 0.1.0
 */
export const settingError = (
  fault: Fault,
  feature: string,
  privilege?: string
): DatagramBindError | DatagramUnsupportedError => {
  const [reason, remedy] = optionReason(fault, privilege)
  if (reason === "Unsupported") return unsupported(feature, "this system does not have the option", leaveItOut, fault)
  return new DatagramBindError({
    ...described(fault),
    reason: reason === "Closed" ? "Other" : reason,
    option: Option.some(feature),
    message: `Setting ${feature} failed ${told(fault)}. ${remedy}.`
  })
}

const sendReasons: { readonly [code in string]?: readonly [DatagramSendError["reason"], string] } = {
  EMSGSIZE: ["MessageTooLarge", "Send less at once, or in several datagrams"],
  ENETUNREACH: ["Unreachable", "There is no route there: check the address and the routes of this host"],
  EHOSTUNREACH: ["Unreachable", "The host does not answer on its network: check the address"],
  ENETDOWN: ["Unreachable", "The network is down: try again later"],
  EHOSTDOWN: ["Unreachable", "The host is down: try again later"],
  EADDRNOTAVAIL: [
    "Unreachable",
    "The address cannot be sent to, or the source is not an address of this host: check both"
  ],
  ECONNREFUSED: [
    "ConnectionRefused",
    "Nobody listens there (an earlier datagram was refused; this one was not sent): send it again when somebody does"
  ],
  ECONNRESET: [
    "ConnectionRefused",
    "Nobody listens there (an earlier datagram was refused; this one was not sent): send it again when somebody does"
  ],
  EACCES: [
    "PermissionDenied",
    "Broadcasting wants the broadcast option, some control messages want privileges, a firewall or a file's mode may forbid it"
  ],
  EPERM: ["PermissionDenied", "The kernel or a firewall forbids it: grant the privilege or change the rule"],
  EINVAL: [
    "InvalidArgument",
    "The kernel refuses the combination of address and control data: check the source, the interface and the destination"
  ],
  ENODEV: ["InvalidArgument", "There is no interface with that index: ask for its index again"],
  ENOTCONN: ["ConnectionRefused", "The peer is gone, and the connection with it: connect again when it is back"],
  EPROTOTYPE: ["InvalidArgument", "The socket there is none for datagrams: give the name of one that is"],
  EMFILE: ["Other", "The process has too many sockets and files open: close some or raise its limit"],
  EAFNOSUPPORT: [
    "InvalidArgument",
    "The destination is of another address family than this socket: bind a socket of that family, or Datagram.dual"
  ],
  EDESTADDRREQ: ["InvalidArgument", "A datagram needs a destination: give `to`"],
  ENOENT: ["ConnectionRefused", "Nobody has that name: start the receiver first"],
  ENOBUFS: ["BufferFull", "The system is out of buffers: send more slowly"],
  EBADF: ["Other", "The socket's descriptor was closed by other code than this: leave that to its scope"],
  ETOOMANYREFS: ["BufferFull", "Too many descriptors are under way: let their receivers read first"]
}

/**
 * A control message that went with a datagram, what it may want to be granted, and what it knows of codes that a send fails with.
 *
 * @category models
 * @since 0.1.0
 */
export interface SentMessage {
  readonly key: string
  readonly privilege: string | undefined
  readonly faults: { readonly [code in string]?: string } | undefined
}

const quoted = (messages: ReadonlyArray<SentMessage>): string => messages.map(({ key }) => `'${key}'`).join(" and ")

/**
 * A call that failed while a datagram was sent. `what` begins the sentence that the error says. Where the kernel refuses a value or a
 * privilege without saying of what, the sentence names the control messages that went with it, and what they want. `clear`: what to do, if that is known.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendError = (
  fault: Fault,
  what: string,
  control: ReadonlyArray<SentMessage> = [],
  sentBytes = 0,
  clear?: string
): DatagramSendError => {
  const code = bare(fault.code)
  const [reason, general] = sendReasons[code] ?? ["Other", remedyOfOthers]
  const known = control.filter(({ faults }) => faults?.[code] !== undefined)
  const forbidden =
    code === "EPERM" || code === "EACCES" ? control.filter(({ privilege }) => privilege !== undefined) : []
  const suspects = [...known, ...forbidden]
  const concerned = suspects.length > 0 ? suspects : /^(EPERM|EACCES|EINVAL)$/.test(code) ? control : []
  const wants = forbidden.map(({ key, privilege }) => `'${key}' wants ${privilege}`).join(", ")
  const remedies = [
    ...known.map(({ faults }) => faults?.[code]),
    ...(forbidden.length > 0 ? [`${wants}: grant it to this process, or send without it`] : [])
  ]
  const remedy = clear ?? (remedies.length > 0 ? remedies.join(". Or: ") : general)
  return new DatagramSendError({
    ...described(fault),
    // A code that says nothing by itself is about the value that a message knows it of.
    reason: known.length > 0 && reason === "Other" ? "InvalidArgument" : reason,
    field:
      concerned.length === 1
        ? Option.map(Option.fromNullable(concerned[0]), ({ key }) => `control.${key}`)
        : Option.none(),
    sentBytes,
    message: `${what}${concerned.length > 0 ? ` with ${quoted(concerned)}` : ""} failed ${told(fault)}. ${remedy}.${wentBefore(sentBytes)}`
  })
}

const wentBefore = (bytes: number, none = ""): string =>
  bytes === 0 ? none : ` The ${bytes} bytes before it went out.`

/**
 * There was no room, and `withBackpressure("fail")` says not to wait. `what` begins the sentence that the error says.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendWouldBlock = (
  what: string,
  waiting: string,
  sentBytes: number,
  full = "the send buffer is full",
  platform?: Platform
): DatagramSendError =>
  new DatagramSendError({
    ...unmade(sendCall(platform)),
    code: "WOULDBLOCK",
    reason: "WouldBlock",
    field: Option.none(),
    sentBytes,
    message: `${what} would have to wait: ${full}. Send it again later, drop it, or ${waiting}.${wentBefore(sentBytes)}`
  })

/**
 * A source that was asked for is no address of this host, whatever the system calls that.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sourceNotOurs = (fault: Fault, source: string, sentBytes = 0): DatagramSendError =>
  new DatagramSendError({
    ...described(fault),
    reason: "AddressNotAvailable",
    field: Option.some("control.pktInfo"),
    sentBytes,
    message: `control.pktInfo: ${source} is not an address of this host ${told(fault)}. Send from one that is, or leave the source out.${wentBefore(sentBytes, " Nothing was sent.")}`
  })

/**
 * A field names an interface that this host does not have, whatever the system calls that.
 *
 * @category constructors
 * @since 0.1.0
 */
export const noSuchInterface = (fault: Fault, field: string, index: number, sentBytes = 0): DatagramSendError =>
  new DatagramSendError({
    ...described(fault),
    reason: "InvalidArgument",
    field: Option.some(field),
    sentBytes,
    message: `${field}: this host has no interface of index ${index} ${told(fault)}. Get the index of the interface again, since one that is made anew has another.${wentBefore(sentBytes, " Nothing was sent.")}`
  })

/**
 * Refused before any system call: nothing was sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidSend = (
  field: string,
  why: string,
  reason: "InvalidArgument" | "MessageTooLarge" | "Unsupported" = "InvalidArgument",
  platform?: Platform
): DatagramSendError =>
  new DatagramSendError({
    ...unmade(sendCall(platform)),
    reason,
    field: Option.some(field),
    sentBytes: 0,
    message: `${field}: ${why}. Nothing was sent.`
  })

/**
 * A receive that the system refused. `ends`: the error ends reading, whatever its code means where it comes once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveError = (fault: Fault, ends = false): DatagramReceiveError => {
  const known = ends ? undefined : receiveReasons[bare(fault.code)]
  const [reason, remedy] = known ?? ["Other", remedyOfOthers]
  return new DatagramReceiveError({
    ...described(fault),
    reason,
    message: `Receiving failed ${told(fault)}. ${remedy}.`
  })
}

/**
 * A read that was waiting when the scope of its socket ended, or began later.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveClosed = (): DatagramReceiveError =>
  new DatagramReceiveError({
    ...closed,
    reason: "Closed",
    message: bindAnother
  })

/**
 * A datagram that was to be sent after the scope of its socket had ended.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendClosed = (sentBytes = 0): DatagramSendError =>
  new DatagramSendError({
    ...closed,
    reason: "Closed",
    field: Option.none(),
    sentBytes,
    message: `${bindAnother}${wentBefore(sentBytes)}`
  })

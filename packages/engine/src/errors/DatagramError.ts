/**
 * Makes errors: from the fault of a system call by the table of causes, or of an argument that was refused before any call.
 *
 * @since 0.1.0
 */
import { Codec, type Endpoint, type Family, type Platform } from "@ancillary/control"
import type { Fault } from "../driver/Driver.ts"
import { bare, type Cause, causeOf, causes, knownCause, unknownCause } from "./causes.ts"
import type {
  DatagramBindError,
  DatagramError,
  DatagramInterfaceError,
  DatagramMembershipError,
  DatagramOptionError,
  DatagramReceiveError,
  DatagramSendError,
  DatagramUnsupportedError
} from "./records.ts"

export type * from "./records.ts"

/** The constructor of every error. */
const make = <Tag extends DatagramError["_tag"], Rest extends object>(
  _tag: Tag,
  { code, errno, syscall }: Fault,
  message: string,
  rest: Rest
) => ({ _tag, syscall, code, errno, message, ...rest })

/**
 * A fault as messages show it: `(bind: EADDRINUSE 98)`.
 *
 * @category errors
 * @since 0.1.0
 */
export const showFault = ({ code, errno, syscall }: Fault): string => `(${syscall}: ${code} ${errno})`

/** The sentences of a failed call. `what` begins the first one. */
const formatFault = (what: string, fault: Fault, [, cause, remedy]: Cause<string>): string =>
  `${what} failed ${showFault(fault)}. ${cause}. ${remedy}.`

/** Puts values into a text of the table. */
const fill = (text: string, values: { readonly [name: string]: string }): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)

/** A call that was not made because an argument was refused. */
const refusedBefore = (syscall: string): Fault => ({ syscall, code: "INVALID", errno: 0 })
const closed: Fault = { syscall: "close", code: "CLOSED", errno: 0 }
const closedMessage = "The socket is closed. Bind another one to go on."

/** The call that sends, and the call that receives. Without a socket the platform is not known. */
const sendCall = (platform?: Platform): string => (platform === "winsock" ? "WSASendMsg" : "sendmsg")
const receiveCall = (platform?: Platform): string => (platform === "winsock" ? "WSARecvMsg" : "recvmsg")

const bindFailure = (
  fault: Fault,
  what: string,
  option: string | undefined,
  cause: Cause<DatagramBindError["reason"]>
): DatagramBindError => make("DatagramBindError", fault, formatFault(what, fault, cause), { reason: cause[0], option })

/**
 * A call that failed while a socket was opened, set up or bound. `what` begins the first sentence. `known` replaces the cause and the remedy if more is
 * known than the code.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bindError = (
  fault: Fault,
  what: string,
  option?: string,
  known?: readonly [cause: string, remedy: string]
): DatagramBindError => {
  const cause = causeOf("open", fault)
  return bindFailure(fault, what, option, known === undefined ? cause : [cause[0], ...known])
}

/**
 * A Unix socket that could not be bound or connected. `leftOver`: the path is that of a file that belongs to no open socket.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unixError = (fault: Fault, what: string, leftOver: boolean): DatagramBindError =>
  bindFailure(
    fault,
    what,
    undefined,
    leftOver ? causes.unix["bind EADDRINUSE, left over"] : (knownCause("unix", fault) ?? causeOf("open", fault))
  )

/**
 * A ping socket that could not be opened. Linux: EACCES reports that no group of the process may ping.
 *
 * @category constructors
 * @since 0.1.0
 */
export const pingError = (fault: Fault, feature: string): DatagramBindError =>
  bindFailure(fault, `${feature}: opening the socket`, undefined, knownCause("ping", fault) ?? causeOf("open", fault))

/**
 * Every port that the system assigns is in use.
 *
 * @category constructors
 * @since 0.1.0
 */
export const noPortError = (fault: Fault, local: Endpoint<Family>): DatagramBindError =>
  bindFailure(fault, `Binding to ${local}`, undefined, causes.open["EADDRINUSE, port 0"])

/**
 * A port that the system chose cannot be shared afterwards. Shared before, it could be one that another socket has.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsharedPort = (fault: Fault, feature: string): DatagramBindError =>
  bindFailure(fault, `Setting ${feature}`, feature, causes.open["setsockopt *, port 0"])

/**
 * An adopted socket serves other families than the spec, and that cannot be changed once it is bound.
 *
 * @category constructors
 * @since 0.1.0
 */
export const otherFamilies = (fault: Fault, what: string, family: Family): DatagramBindError =>
  bindFailure(
    fault,
    what,
    undefined,
    causes.open[family === "dual" ? "setsockopt *, adopted as dual" : "setsockopt *, adopted as ipv6"]
  )

/**
 * An argument of opening a socket that was refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidBind = (message: string, option?: string): DatagramBindError =>
  make("DatagramBindError", refusedBefore("bind"), message, { reason: "InvalidArgument" as const, option })

/**
 * A part that a platform lacks: as the program wrote it, why, and what to do.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsupported = (feature: string, why: string, remedy: string, fault?: Fault): DatagramUnsupportedError =>
  make(
    "DatagramUnsupportedError",
    fault ?? refusedBefore("bind"),
    `${feature}: ${why}${fault === undefined ? "" : ` ${showFault(fault)}`}. ${remedy}.`,
    { feature, why, remedy }
  )

/**
 * The remedy of an option that a platform lacks.
 *
 * @category errors
 * @since 0.1.0
 */
export const leaveItOut = "Leave it out on this system"

/**
 * The cause of an option that was refused. `privilege` is the one that the system requires for it, if that is known. `name` is the one in the
 * headers, if it is known.
 */
const optionCause = (
  fault: Fault,
  privilege: string | undefined,
  name: string | undefined
): Cause<DatagramOptionError["reason"]> => {
  const isUnshared = name === "SO_ATTACH_REUSEPORT_CBPF" && fault.code === "EINVAL"
  const [reason, cause, remedy] = isUnshared ? causes.option["EINVAL, port not shared"] : causeOf("option", fault)
  return [
    reason,
    fill(cause, { privilege: privilege === undefined ? "a privilege" : `the privilege ${privilege}` }),
    remedy
  ]
}

/**
 * An option that the system refused while its socket was set up.
 *
 * @category constructors
 * @since 0.1.0
 */
export const settingError = (
  fault: Fault,
  feature: string,
  privilege?: string,
  name?: string
): DatagramBindError | DatagramUnsupportedError => {
  const [reason, ...texts] = optionCause(fault, privilege, name)
  if (reason === "Unsupported") return unsupported(feature, "this system does not have the option", leaveItOut, fault)
  return bindFailure(fault, `Setting ${feature}`, feature, [reason === "Closed" ? "Other" : reason, ...texts])
}

/**
 * An option that the system refused to set or to get.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optionError = (fault: Fault, option: string, privilege?: string): DatagramOptionError => {
  const cause = optionCause(fault, privilege, option)
  const what = `${fault.syscall === "getsockopt" ? "Getting" : "Setting"} ${option}`
  return make("DatagramOptionError", fault, formatFault(what, fault, cause), { reason: cause[0], option })
}

/**
 * An option that was refused before any system call: its value is not valid, or the platform does not have it. `why` ends with a remedy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidOption = (
  option: string,
  why: string,
  reason: "InvalidArgument" | "Unsupported",
  syscall: "setsockopt" | "getsockopt" = "setsockopt"
): DatagramOptionError => make("DatagramOptionError", refusedBefore(syscall), `${option}: ${why}.`, { reason, option })

/**
 * An option whose value was got and could not be decoded.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknownValue = (option: string, malformed: string): DatagramOptionError =>
  make(
    "DatagramOptionError",
    refusedBefore("getsockopt"),
    `${option}: getsockopt returned an unknown value (${malformed}). Use a codec that can decode it.`,
    { reason: "Other" as const, option }
  )

/**
 * An option of a socket that is closed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optionClosed = (option: string): DatagramOptionError =>
  make("DatagramOptionError", closed, closedMessage, { reason: "Closed" as const, option })

/**
 * A membership that the system refused. `what` begins the first sentence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const membershipError = (fault: Fault, what: string, group: string): DatagramMembershipError => {
  const cause = causeOf("membership", fault)
  return make("DatagramMembershipError", fault, formatFault(what, fault, cause), { reason: cause[0], group })
}

/**
 * A group that was to be left and that the socket has not joined there. `what` begins the first sentence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const notJoined = (fault: Fault, group: string, what: string): DatagramMembershipError => {
  const cause = causes.membership["*, never joined"]
  return make("DatagramMembershipError", fault, formatFault(what, fault, cause), { reason: cause[0], group })
}

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
): DatagramMembershipError => make("DatagramMembershipError", refusedBefore("setsockopt"), message, { reason, group })

/**
 * A membership of a socket that is closed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const membershipClosed = (group: string): DatagramMembershipError =>
  make("DatagramMembershipError", closed, closedMessage, { reason: "Closed" as const, group })

/**
 * A control message that was sent with a datagram: the privilege that it may require, and its own explanations of codes.
 *
 * @category models
 * @since 0.1.0
 */
export interface SentMessage {
  readonly key: string
  readonly privilege: string | undefined
  readonly faults: { readonly [code in string]?: string } | undefined
}

const wentBefore = (bytes: number, none = ""): string =>
  bytes === 0 ? none : ` The ${bytes} bytes before it went out.`

/**
 * A call that failed while a datagram was sent. `what` begins the first sentence. If the kernel refuses a value or a privilege without naming it, the
 * sentence names the control messages of the datagram and the privileges that they require. `known` replaces the cause and the remedy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendError = (
  fault: Fault,
  what: string,
  control: ReadonlyArray<SentMessage> = [],
  sentBytes = 0,
  known?: readonly [cause: string, remedy: string]
): DatagramSendError => {
  const code = bare(fault.code)
  const [reason, cause, remedy] = causeOf("send", fault)
  const explaining = control.filter(({ faults }) => faults?.[code] !== undefined)
  const forbidden =
    code === "EPERM" || code === "EACCES" ? control.filter(({ privilege }) => privilege !== undefined) : []
  const suspects = [...explaining, ...forbidden]
  const concerned = suspects.length > 0 ? suspects : /^(EPERM|EACCES|EINVAL)$/.test(code) ? control : []
  const required = forbidden.map(({ key, privilege }) => `'${key}' requires ${privilege}`).join(", ")
  const remedies = [
    ...explaining.map(({ faults }) => faults?.[code]),
    ...(forbidden.length > 0 ? [`${required}. Grant it to this process, or send without it`] : [])
  ]
  const advice = known?.join(". ") ?? (remedies.length > 0 ? remedies.join(". Or: ") : `${cause}. ${remedy}`)
  const names = concerned.map(({ key }) => `'${key}'`).join(" and ")
  const [only] = concerned
  return make(
    "DatagramSendError",
    fault,
    `${what}${names === "" ? "" : ` with ${names}`} failed ${showFault(fault)}. ${advice}.${wentBefore(sentBytes)}`,
    {
      // A message that explains a code without a cause of its own explains it by its value.
      reason: explaining.length > 0 && reason === "Other" ? ("InvalidArgument" as const) : reason,
      field: concerned.length === 1 && only !== undefined ? `control.${only.key}` : undefined,
      sentBytes
    }
  )
}

/**
 * The send buffer is full, and the sender does not wait for room. `what` begins the first sentence.
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
  make(
    "DatagramSendError",
    { syscall: sendCall(platform), code: "WOULDBLOCK", errno: 0 },
    `${what} would have to wait: ${full}. Send it again later, drop it, or ${waiting}.${wentBefore(sentBytes)}`,
    { reason: "WouldBlock" as const, field: undefined, sentBytes }
  )

/** The sentences of a field that the send failed by. */
const explainField = (
  fault: Fault,
  field: string,
  [, cause, remedy]: Cause<string>,
  values: { readonly [name: string]: string },
  sentBytes: number
): string => {
  const why = fill(cause.charAt(0).toLowerCase() + cause.slice(1), values)
  return `${field}: ${why} ${showFault(fault)}. ${remedy}.${wentBefore(sentBytes, " Nothing was sent.")}`
}

/**
 * A source that is not an address of this host, whatever the code of the system.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sourceNotOurs = (fault: Fault, source: string, sentBytes = 0): DatagramSendError => {
  const field = "control.pktInfo"
  const cause = causes.send["*, foreign source"]
  return make("DatagramSendError", fault, explainField(fault, field, cause, { source }, sentBytes), {
    reason: cause[0],
    field,
    sentBytes
  })
}

/**
 * A field that names an interface that this host does not have, whatever the code of the system.
 *
 * @category constructors
 * @since 0.1.0
 */
export const noSuchInterface = (fault: Fault, field: string, index: number, sentBytes = 0): DatagramSendError => {
  const cause = causes.send["*, missing interface"]
  return make("DatagramSendError", fault, explainField(fault, field, cause, { index: String(index) }, sentBytes), {
    reason: cause[0],
    field,
    sentBytes
  })
}

/**
 * A message that was refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidSend = (
  field: string,
  why: string,
  reason: "InvalidArgument" | "MessageTooLarge" | "Unsupported" | "Limited" = "InvalidArgument",
  platform?: Platform
): DatagramSendError =>
  make("DatagramSendError", refusedBefore(sendCall(platform)), `${field}: ${why}. Nothing was sent.`, {
    reason,
    field,
    sentBytes: 0
  })

/**
 * A message for a socket that is closed.
 *
 * @category constructors
 * @since 0.1.0
 */
export const sendClosed = (sentBytes = 0): DatagramSendError =>
  make("DatagramSendError", closed, `${closedMessage}${wentBefore(sentBytes)}`, {
    reason: "Closed" as const,
    field: undefined,
    sentBytes
  })

/**
 * A receive that the system refused. `ends`: the error ends reading, and is not that of an earlier datagram.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveError = (fault: Fault, ends = false): DatagramReceiveError => {
  const cause = ends ? unknownCause : causeOf("receive", fault)
  return make("DatagramReceiveError", fault, formatFault("Receiving", fault, cause), { reason: cause[0] })
}

/**
 * A receive that was refused before any system call. `why` ends with a remedy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidReceive = (argument: string, why: string, platform?: Platform): DatagramReceiveError =>
  make("DatagramReceiveError", refusedBefore(receiveCall(platform)), `${argument}: ${why}. Nothing was read.`, {
    reason: "InvalidArgument" as const
  })

/**
 * A receive of a socket that is closed, or that was closed while it waited.
 *
 * @category constructors
 * @since 0.1.0
 */
export const receiveClosed = (): DatagramReceiveError =>
  make("DatagramReceiveError", closed, closedMessage, { reason: "Closed" as const })

/**
 * The refusal of the system to list its interfaces.
 *
 * @category constructors
 * @since 0.1.0
 */
export const interfaceError = (fault: Fault): DatagramInterfaceError =>
  make("DatagramInterfaceError", fault, formatFault("Listing the interfaces", fault, unknownCause), {
    reason: "Other" as const
  })

const invalidInterfaces = (
  message: string,
  reason: DatagramInterfaceError["reason"] = "InvalidArgument"
): DatagramInterfaceError => make("DatagramInterfaceError", refusedBefore("interfaces"), message, { reason })

/**
 * No interface of the host has that name or index. `names` are the names of all interfaces.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknownInterface = (asked: string | number, names: ReadonlyArray<string>): DatagramInterfaceError =>
  invalidInterfaces(
    `No interface of this host has the ${typeof asked === "string" ? `name '${asked}'` : `index ${asked}`}. There are ${names.join(", ")}: choose one of them, or wait until it is there.`,
    typeof asked === "string" ? "UnknownName" : "UnknownIndex"
  )

/**
 * A name that is not a text, or an index that is not a number. Refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidInterface = (asked: unknown, what: "name" | "index"): DatagramInterfaceError =>
  invalidInterfaces(
    `${what}: ${Codec.format(asked)} is not ${what === "name" ? 'a text. Give the name of an interface, such as "eth0"' : "a number. Give the index of an interface, 1 or more"}.`
  )

/**
 * A signal that is not an `AbortSignal`. Refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidInterfaceSignal = (given: string): DatagramInterfaceError =>
  invalidInterfaces(`signal: ${given} is not an AbortSignal. Give one, or leave it out.`)

/**
 * An interval that is not a finite duration above zero. Refused before any system call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalidInterval = (given: string): DatagramInterfaceError =>
  invalidInterfaces(
    `interval: ${given} is not a finite duration above zero. Give one, such as "1 second", or leave it out.`
  )

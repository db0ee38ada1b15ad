/**
 * Errors of a socket as classes. One class is one situation that a program treats differently. Each has the system call, the code as Node
 * names it, a reason, and a message that ends with a remedy.
 *
 * @since 0.1.0
 */
import { getSystemErrorMap } from "node:util"
import type { Endpoint, Family } from "@ancillary/control"
import type * as Engine from "@ancillary/engine/errors/DatagramError"
import type { DatagramFault } from "./DatagramFault.ts"

type Reason<R> = R extends { readonly reason: infer Reason } ? Reason : never

/** libuv's numbers of the codes. */
const numbers = new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, number] as const))

/** The code of a refusal before any call, or after the socket was closed, as Node names it. */
const codeOf = (record: Engine.DatagramError): string => {
  if (record.code === "CLOSED") return "ERR_SOCKET_CLOSED"
  if (record.code === "WOULDBLOCK") return "EAGAIN"
  // Winsock: the headers have WSAEADDRINUSE, and Node has EADDRINUSE.
  if (record.code !== "INVALID") return record.code.replace(/^WSA(?=E)/, "")
  const reason = "reason" in record ? record.reason : "Unsupported"
  if (reason === "Unsupported") return "ENOTSUP"
  return reason === "MessageTooLarge" ? "EMSGSIZE" : "ERR_INVALID_ARG_VALUE"
}

/**
 * The class of all errors of sockets.
 *
 * **Details**
 *
 * `message` has the names and numbers of the platform (`WSAEADDRINUSE 10048`), and `code` and `errno` those of Node.
 *
 * @category errors
 * @since 0.1.0
 */
export abstract class DatagramError extends Error {
  /** The system call: `"bind"`, `"sendmsg"`, `"WSASendMsg"`. If an argument was refused before it, the call that would have been made. */
  readonly syscall: string
  /**
   * The code as Node names it, equal on every platform: `"EADDRINUSE"`, `"EMSGSIZE"`. `"ERR_INVALID_ARG_VALUE"` if an argument was
   * refused, and `"ERR_SOCKET_CLOSED"` if the socket is closed.
   */
  readonly code: string
  /** The number of `code` in Node, as `util.getSystemErrorName` takes it. `undefined` if no system call failed. */
  readonly errno: number | undefined
  /** The situation, for a `switch`. */
  abstract readonly reason: string

  constructor(name: string, record: Engine.DatagramError) {
    super(record.message)
    this.name = name
    this.syscall = record.syscall
    this.code = codeOf(record)
    this.errno = numbers.get(this.code)
  }
}

/**
 * A socket could not be opened, set up or bound.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramBindError extends DatagramError {
  readonly reason: Reason<Engine.DatagramBindError>
  /** The option that could not be set, if one is concerned. */
  readonly option: string | undefined

  constructor(record: Engine.DatagramBindError) {
    super("DatagramBindError", record)
    this.reason = record.reason
    this.option = record.option
  }
}

/**
 * The platform lacks a part that a spec requires.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramUnsupportedError extends DatagramError {
  readonly reason = "Unsupported"
  /** The part as the program wrote it: `withOriginalArrivalInterface()`. */
  readonly feature: string
  readonly why: string
  /** One sentence without its full stop. */
  readonly remedy: string

  constructor(record: Engine.DatagramUnsupportedError) {
    super("DatagramUnsupportedError", record)
    this.feature = record.feature
    this.why = record.why
    this.remedy = record.remedy
  }
}

/**
 * A datagram was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramSendError extends DatagramError {
  readonly reason: Reason<Engine.DatagramSendError>
  /** The field of the message that is concerned: `"to"`, `"data"`, `"control.hopLimit"`. */
  readonly field: string | undefined
  /** Bytes of the payload that were sent before the failure, in whole segments. 0 unless the payload leaves in segments. */
  readonly sentBytes: number

  constructor(record: Engine.DatagramSendError) {
    super("DatagramSendError", record)
    this.reason = record.reason
    this.field = record.field
    this.sentBytes = record.sentBytes
  }
}

/**
 * A socket could not be read. `ConnectionRefused`, `Unreachable` and `MessageTooLarge` report an earlier send: the next receive goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramReceiveError extends DatagramError {
  readonly reason: Reason<Engine.DatagramReceiveError>

  constructor(record: Engine.DatagramReceiveError) {
    super("DatagramReceiveError", record)
    this.reason = record.reason
  }
}

/**
 * No interface of the host has that name or index, or the system does not list its interfaces.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramInterfaceError extends DatagramError {
  readonly reason: Reason<Engine.DatagramInterfaceError>

  constructor(record: Engine.DatagramInterfaceError) {
    super("DatagramInterfaceError", record)
    this.reason = record.reason
  }
}

/**
 * An option of a bound socket was not set, or could not be read. The option is unchanged, except that on a dual socket one family may already
 * have the new value.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramOptionError extends DatagramError {
  readonly reason: Reason<Engine.DatagramOptionError>
  /** The option's name: `"SO_RCVBUF"`. */
  readonly option: string

  constructor(record: Engine.DatagramOptionError) {
    super("DatagramOptionError", record)
    this.reason = record.reason
    this.option = record.option
  }
}

/**
 * A group was not joined or not left, or a source in it was not blocked. The socket's other memberships are unchanged.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramMembershipError extends DatagramError {
  readonly reason: Reason<Engine.DatagramMembershipError>
  /** The group as it was given. */
  readonly group: string

  constructor(record: Engine.DatagramMembershipError) {
    super("DatagramMembershipError", record)
    this.reason = record.reason
    this.group = record.group
  }
}

/**
 * A datagram that could not be delivered as declared, as `receive` rejects with it. The next receive goes on.
 *
 * **Details**
 *
 * It has no stack, because a peer decides how many there are, and a stack takes longer than receiving the datagram.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramFaultError extends Error {
  readonly reason: DatagramFault["reason"]
  /** The control message concerned. */
  readonly key: string | undefined
  /** The sender, if its address could be read. */
  readonly from: Endpoint<Family> | undefined
  readonly #fault: DatagramFault

  private constructor(fault: DatagramFault) {
    super()
    this.reason = fault.reason
    this.key = fault.key
    this.from = fault.from
    this.#fault = fault
  }

  /** Makes the error of a fault. */
  static of(fault: DatagramFault): DatagramFaultError {
    return withoutStack(() => new DatagramFaultError(fault))
  }

  /** One sentence. It is made on the first read. */
  override get message(): string {
    return this.#fault.message
  }
  override get name(): string {
    return "DatagramFaultError"
  }
}

/**
 * A received descriptor that cannot be taken: it was taken before, it is closed, or it never came with a datagram.
 *
 * @category errors
 * @since 0.1.0
 */
export class DescriptorUnavailableError extends Error {
  readonly reason: "Taken" | "Closed" | "Foreign"

  constructor(reason: DescriptorUnavailableError["reason"], message: string) {
    super(message)
    this.name = "DescriptorUnavailableError"
    this.reason = reason
  }
}

/**
 * A session ended, so that its waits and its signal end, too. `Idle`: it received nothing for `idle`. `Evicted`: a new session took its place.
 * `Stopped`: its server stops. `Ended`: its program has ended.
 *
 * **Details**
 *
 * It has no stack, because a peer decides how many there are.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramSessionError extends Error {
  readonly reason: "Idle" | "Evicted" | "Stopped" | "Ended"
  readonly code = "ERR_SESSION_ENDED"

  private constructor(reason: DatagramSessionError["reason"], message: string) {
    super(message)
    this.name = "DatagramSessionError"
    this.reason = reason
  }

  /** Makes the error of an end. */
  static of(reason: DatagramSessionError["reason"], message: string): DatagramSessionError {
    return withoutStack(() => new DatagramSessionError(reason, message))
  }
}

/**
 * A peer did not answer a request of a client, however often it was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class DatagramRequestError extends Error {
  readonly reason = "NoAnswer"
  readonly code = "ETIMEDOUT"
  /** The number of `code` in Node. */
  readonly errno: number | undefined = numbers.get("ETIMEDOUT")
  /** The address that was asked. */
  readonly to: Endpoint<Family>

  constructor(to: Endpoint<Family>) {
    super(`${String(to)} did not answer. Ask again later, or give a longer schedule.`)
    this.name = "DatagramRequestError"
    this.to = to
  }
}

const withoutStack = <A>(make: () => A): A => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return make()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The errors by the tags of the engine's records. */
interface Errors {
  readonly DatagramBindError: DatagramBindError
  readonly DatagramUnsupportedError: DatagramUnsupportedError
  readonly DatagramSendError: DatagramSendError
  readonly DatagramReceiveError: DatagramReceiveError
  readonly DatagramInterfaceError: DatagramInterfaceError
  readonly DatagramOptionError: DatagramOptionError
  readonly DatagramMembershipError: DatagramMembershipError
}

/**
 * The error of a record of the engine.
 *
 * @category models
 * @since 0.1.0
 */
export type ErrorOf<R extends Engine.DatagramError> = Errors[R["_tag"]]

/**
 * Makes the error of a record of the engine.
 *
 * @category constructors
 * @since 0.1.0
 */
export const errorOf = <R extends Engine.DatagramError>(record: R): ErrorOf<R> => make(record) as ErrorOf<R>

const make = (record: Engine.DatagramError): Errors[keyof Errors] => {
  switch (record._tag) {
    case "DatagramBindError":
      return new DatagramBindError(record)
    case "DatagramUnsupportedError":
      return new DatagramUnsupportedError(record)
    case "DatagramSendError":
      return new DatagramSendError(record)
    case "DatagramReceiveError":
      return new DatagramReceiveError(record)
    case "DatagramInterfaceError":
      return new DatagramInterfaceError(record)
    case "DatagramOptionError":
      return new DatagramOptionError(record)
    default:
      return new DatagramMembershipError(record)
  }
}

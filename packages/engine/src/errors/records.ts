/**
 * Errors as plain records. One `_tag` is one situation that a caller treats differently. A face makes its own errors from them.
 *
 * @since 0.1.0
 */

/**
 * The part that every error has. If no system call was made, because an argument was refused before it, `syscall` names the call that would have been
 * made, `code` is `"INVALID"` and `errno` is 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface Described {
  /** The system call: `"bind"`, `"sendmsg"`, `"WSASendMsg"` … */
  readonly syscall: string
  /** The code by its name on the platform: `"EADDRINUSE"`, `"WSAEMSGSIZE"`. */
  readonly code: string
  /** The number of the code on the platform. */
  readonly errno: number
  /** Sentences that end with a remedy. */
  readonly message: string
}

/**
 * A socket could not be opened, set up or bound.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramBindError extends Described {
  readonly _tag: "DatagramBindError"
  readonly reason:
    | "AddressInUse"
    | "AddressNotAvailable"
    | "PermissionDenied"
    | "InvalidArgument"
    | "TooManyOpenFiles"
    | "Unreachable"
    | "Other"
  /** The option that could not be set, if one is concerned. */
  readonly option: string | undefined
}

/**
 * The platform lacks a part that a spec requires.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramUnsupportedError extends Described {
  readonly _tag: "DatagramUnsupportedError"
  /** The part as the program wrote it: `withOriginalArrivalInterface()`. */
  readonly feature: string
  readonly why: string
  /** One sentence without its full stop. */
  readonly remedy: string
}

/**
 * A datagram was not sent.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramSendError extends Described {
  readonly _tag: "DatagramSendError"
  readonly reason:
    | "InvalidArgument"
    | "MessageTooLarge"
    | "Unreachable"
    | "AddressNotAvailable"
    | "ConnectionRefused"
    | "PermissionDenied"
    | "BufferFull"
    | "WouldBlock"
    | "Limited"
    | "Closed"
    | "Unsupported"
    | "Other"
  /** The field of the message that is concerned: `"to"`, `"data"`, `"control.hopLimit"`. */
  readonly field: string | undefined
  /** Bytes of the payload that were sent before the failure, in whole segments. 0 unless the payload leaves in segments. */
  readonly sentBytes: number
}

/**
 * A socket could not be read. `ConnectionRefused`, `Unreachable` and `MessageTooLarge` report an earlier send: the next receive goes on.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramReceiveError extends Described {
  readonly _tag: "DatagramReceiveError"
  readonly reason: "ConnectionRefused" | "Unreachable" | "MessageTooLarge" | "InvalidArgument" | "Closed" | "Other"
}

/**
 * No interface of the host has that name or index, or the system does not list its interfaces.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramInterfaceError extends Described {
  readonly _tag: "DatagramInterfaceError"
  readonly reason: "UnknownName" | "UnknownIndex" | "InvalidArgument" | "Other"
}

/**
 * An option of a bound socket was not set, or could not be read. The option is unchanged, except that on a dual socket one family may already have the
 * new value.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramOptionError extends Described {
  readonly _tag: "DatagramOptionError"
  readonly reason: "InvalidArgument" | "PermissionDenied" | "Unsupported" | "Closed" | "Other"
  /** The option's name: `"SO_RCVBUF"`. */
  readonly option: string
}

/**
 * A group was not joined or not left, or a source in it was not blocked. The socket's other memberships are unchanged.
 *
 * @category errors
 * @since 0.1.0
 */
export interface DatagramMembershipError extends Described {
  readonly _tag: "DatagramMembershipError"
  readonly reason:
    | "InvalidArgument"
    | "NoSuchInterface"
    | "AlreadyJoined"
    | "NotJoined"
    | "TooManyMemberships"
    | "Unsupported"
    | "Closed"
    | "Other"
  /** The group as it was given. */
  readonly group: string
}

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

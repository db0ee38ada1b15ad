/**
 * Faults of raw sockets and messages, as plain records.
 *
 * @since 0.1.0
 */
import { bindError, receiveError, sendError } from "@ancillary/engine/errors/DatagramError"
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"

/**
 * A failed call on a raw socket or a `WSAMSG`: Winsock refused it (`Refused`), an argument was invalid, or the socket or the message was closed.
 * If no call was made, `syscall` names the one that was due, and `errno` is 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface WsaFault extends Fault {
  readonly reason: "Refused" | "InvalidArgument" | "Closed"
  /** The failed action, the code and a remedy, as sentences. */
  readonly message: string
}

/**
 * Returns whether a call failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isWsaFault = (value: unknown): value is WsaFault => isFault(value)

/** The remedies are those of the engine's errors. */
const explained = {
  setUp: bindError,
  send: sendError,
  receive: (fault: Fault) => receiveError(fault)
}

/**
 * Makes the fault of a call that Winsock refused. `what` is the action, as the subject of a sentence.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refused = (fault: Fault, what: string, tried: keyof typeof explained): WsaFault =>
  fault.code === "WSAENOTSOCK"
    ? closed(fault.syscall, "socket")
    : { ...fault, reason: "Refused", message: explained[tried](fault, what).message }

/**
 * Makes the fault of a call on a closed socket or message.
 *
 * @category constructors
 * @since 0.1.0
 */
export const closed = (syscall: string, what: "socket" | "message"): WsaFault => ({
  syscall,
  code: "CLOSED",
  errno: 0,
  reason: "Closed",
  message: `The ${what} is closed. Make another one that stays open as long as it is used.`
})

/**
 * Makes the fault of an invalid argument, which is found before the call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalid = (syscall: string, why: string): WsaFault => ({
  syscall,
  code: "INVALID",
  errno: 0,
  reason: "InvalidArgument",
  message: `${why}. No call was made.`
})

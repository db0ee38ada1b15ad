import { bindError, type Described, receiveError, sendError } from "@ancillary/engine/errors/DatagramError"
import type { Fault } from "@ancillary/engine/driver/Driver"
import { Data } from "effect"

/**
 * What can go wrong with a raw socket or a `WSAMSG`: Winsock refused the call, something was given that cannot be, or the scope of the socket
 * or of the message has ended. Where no call was made, `syscall` names the one that would have been and `errno` is 0.
 *
 * @category errors
 * @since 0.1.0
 */
export class WsaError extends Data.TaggedError("WsaError")<
  Described & { readonly reason: "Refused" | "InvalidArgument" | "Closed" }
> {}

/** By what was tried; the sentences that say what to do are those of `@ancillary/effect3`. */
const explained = {
  setUp: bindError,
  send: sendError,
  receive: (fault: Fault) => receiveError(fault)
}

/**
 * What Winsock answered to `what`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const refused = (fault: Fault, what: string, tried: keyof typeof explained): WsaError =>
  fault.code === "WSAENOTSOCK"
    ? closed(fault.syscall, "socket")
    : new WsaError({ ...fault, reason: "Refused", message: explained[tried](fault, what).message })

/**
 * The socket or the message was used after its scope had ended.
 *
 * @category constructors
 * @since 0.1.0
 */
export const closed = (syscall: string, what: "socket" | "message"): WsaError =>
  new WsaError({
    syscall,
    code: "CLOSED",
    errno: 0,
    reason: "Closed",
    message: `The ${what} is closed: its scope has ended. Make another one in a scope that lasts as long as it is used.`
  })

/**
 * Refused before any call.
 *
 * @category constructors
 * @since 0.1.0
 */
export const invalid = (syscall: string, why: string): WsaError =>
  new WsaError({ syscall, code: "INVALID", errno: 0, reason: "InvalidArgument", message: `${why}. No call was made.` })

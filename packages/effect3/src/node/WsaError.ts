/**
 * The error of raw sockets and messages of Winsock, for Effect 3.
 *
 * @since 0.1.0
 */
import type { WsaFault } from "@ancillary/winsock"
import * as Data from "effect/Data"

/**
 * A failed call on a raw socket or a `WSAMSG`. Winsock refused the call (`Refused`), an argument was invalid, or the scope of the socket or the
 * message has ended (`Closed`). If no call was made, `syscall` names the one that was due, and `errno` is 0.
 *
 * @category errors
 * @since 0.1.0
 */
export class WsaError extends Data.TaggedError("WsaError")<{
  readonly syscall: string
  readonly code: string
  readonly errno: number
  readonly reason: WsaFault["reason"]
  readonly message: string
}> {}

/** The message that answers the peer of a session. */
import type { Endpoint, Family } from "@ancillary/control"
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import { type Replying, replyOf } from "./replying.ts"

/** The fields of a datagram that its answer needs. */
interface Path {
  readonly from: Endpoint<Family>
  readonly control: { readonly [key: string]: unknown }
}

/**
 * Returns true if a socket receives and sends packet information with every datagram, so that a reply can have the address that was asked.
 *
 * @category sockets
 * @since 0.1.0
 */
export const answersAsAsked = ({ received, kind, sendEntries }: Plan): boolean =>
  kind.family !== "unix" &&
  received.some(({ message, optional }) => message.key === "pktInfo" && !optional) &&
  sendEntries.some(({ declaration }) => declaration.message.key === "pktInfo")

/**
 * Returns the message that answers a path, or the error. With `asAsked` its source is the address that was asked.
 *
 * @category sockets
 * @since 0.1.0
 */
export const answerPath = (
  replying: Replying,
  asAsked: boolean,
  path: Path,
  data: unknown
): { readonly data: unknown; readonly to: Endpoint<Family> } | DatagramSendError =>
  asAsked ? replyOf(replying, path, data) : { data, to: path.from }

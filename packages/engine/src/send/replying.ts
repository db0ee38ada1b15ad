/** The message that answers a received datagram, or the reason why it is not answered. */
import type { Endpoint, Family, Internet } from "@ancillary/control"
import { type DatagramSendError, invalidSend } from "../errors/DatagramError.ts"
import { notSent } from "./notSent.ts"
import { type OwnSocket, validateSource } from "./ownAddress.ts"
import { type AnsweringSocket, answerTo, withoutSource } from "./reply.ts"

/** The socket that answers: its address, and the engine's socket. That is absent for an object that a program made itself. */
export interface Replying {
  readonly socket: (AnsweringSocket & OwnSocket) | undefined
  readonly localAddress: Endpoint<Family>
}

/**
 * Returns the message that answers a datagram with `data`, or the error. The datagram may be any value of a program.
 *
 * @category sockets
 * @since 0.1.0
 */
export const replyOf = (
  { localAddress, socket }: Replying,
  asked: unknown,
  data: unknown
): { readonly data: unknown; readonly to: Endpoint<Internet> } | DatagramSendError => {
  try {
    const refused = validateSource(socket, localAddress, (asked as { readonly from: Endpoint<Family> }).from)
    if (refused !== undefined) return refused
    const answered = answerTo(socket, asked)
    if ("syscall" in answered) return answered
    const { fallback, pktInfo, to } = answered
    const message = { data, to, control: { pktInfo }, [withoutSource]: fallback }
    return message
  } catch {
    return notSent(
      socket,
      "asked",
      "it is not a datagram as a socket delivers it, with packet information: give one that is"
    )
  }
}

/**
 * The error of a reply on a value that is not a socket.
 *
 * @category sockets
 * @since 0.1.0
 */
export const notASocket = (): DatagramSendError => invalidSend("socket", "it is not a socket: give one that is bound")

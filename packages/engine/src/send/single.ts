/**
 * Sends one message immediately, without the state of a batch, which costs as much as a control message. A message that needs more than one
 * call becomes a batch.
 */
import { type DatagramSendError, sendClosed } from "../errors/DatagramError.ts"
import { SendQueue, type SendingSocket } from "./queue.ts"
import { guarded } from "./guarded.ts"
import { validateMessage as check, PendingMessage, refused } from "./message.ts"

/** Sends a message. Returns the error if it cannot be sent, or a batch that continues with it if one call was not enough. */
export const sendOne = (core: SendingSocket, message: unknown): DatagramSendError | SendQueue | undefined => {
  const pending = validated(core, message)
  if (!(pending instanceof PendingMessage)) return pending === "drop" ? undefined : pending
  return sendPending(core, message, pending)
}

/** Returns a message that may be sent, its error, or `"drop"` if a limit of the server drops it. */
export const validated = (core: SendingSocket, message: unknown): PendingMessage | DatagramSendError | "drop" => {
  if (core.closed) return sendClosed()
  const { outgoing } = core
  outgoing.begin()
  const pending = check(core, 0, message, outgoing)
  const { guard } = core
  if (guard === undefined || !(pending instanceof PendingMessage)) return pending
  const refusal = guarded(core, guard, pending)
  if (refusal === undefined) return pending
  if (pending.control !== undefined) outgoing.recycle(pending.control)
  return refusal
}

/** Sends a message that was validated. */
export const sendPending = (
  core: SendingSocket,
  message: unknown,
  pending: PendingMessage
): DatagramSendError | SendQueue | undefined => {
  // Fields and definitions of the message are the program's own code, which may have closed the socket.
  if (core.closed || pending.segmentSize !== undefined)
    return SendQueue.of(core, { message, pending, filling: 0, result: undefined })
  const { outgoing } = core
  const filling = outgoing.use(1)
  const bytes = outgoing.fill(0, pending, 0)
  if (typeof bytes === "number") {
    const result = outgoing.send(filling, [pending], 0, 1)
    if (result !== 1) return SendQueue.of(core, { message, pending, filling, result })
    outgoing.counters.send(pending.datagrams(0, pending.size))
  }
  if (pending.control !== undefined) outgoing.recycle(pending.control)
  return typeof bytes === "number" ? undefined : refused(core, bytes)
}

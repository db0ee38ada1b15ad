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
  if (core.closed) return sendClosed()
  const { outgoing } = core
  outgoing.begin()
  const pending = check(core, 0, message, outgoing)
  if (!(pending instanceof PendingMessage)) return pending
  const { guard } = core
  if (guard !== undefined) {
    const refusal = guarded(core, guard, pending)
    if (refusal !== undefined) {
      if (pending.control !== undefined) outgoing.recycle(pending.control)
      return refusal === "drop" ? undefined : refusal
    }
  }
  // Fields and definitions of the message are the program's own code, which may have closed the socket.
  if (core.closed || pending.segmentSize !== undefined)
    return SendQueue.of(core, { message, pending, filling: 0, result: undefined })
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

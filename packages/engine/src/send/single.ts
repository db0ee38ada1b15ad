/**
 * Sends one message immediately, without the state of a batch, which costs as much as a control message. A message that needs more than one
 * call becomes a batch.
 */
import { type DatagramSendError, sendClosed } from "../errors/DatagramError.ts"
import { SendQueue, type SendingSocket } from "./queue.ts"
import { letter as check, Letter, refused } from "./message.ts"

/** Sends a message. Returns the error if it cannot be sent, or a batch that continues with it if one call was not enough. */
export const sendOne = (core: SendingSocket, message: unknown): DatagramSendError | SendQueue | undefined => {
  if (core.closed) return sendClosed()
  const { outgoing } = core
  outgoing.begin()
  const letter = check(core, 0, message, outgoing)
  if (!(letter instanceof Letter)) return letter
  // Fields and definitions of the message are the program's own code, which may have closed the socket.
  if (core.closed || letter.segmentSize !== undefined)
    return SendQueue.of(core, { message, letter, filling: 0, result: undefined })
  const filling = outgoing.use(1)
  const bytes = outgoing.fill(0, letter, 0)
  if (typeof bytes === "number") {
    const result = outgoing.send(filling, [letter], 0, 1)
    if (result !== 1) return SendQueue.of(core, { message, letter, filling, result })
    outgoing.counters.send(letter.datagrams(0, letter.size))
  }
  if (letter.control !== undefined) outgoing.recycle(letter.control)
  return typeof bytes === "number" ? undefined : refused(core, bytes)
}

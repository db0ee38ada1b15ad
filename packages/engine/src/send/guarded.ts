/** Asks the limits of a server before a message is sent. */
import type { DatagramSendError } from "../errors/DatagramError.ts"
import type { Guard } from "../server/guard.ts"
import type { PendingMessage, MessageSocket } from "./message.ts"
import { notSent } from "./notSent.ts"

/** Returns the error of a message that the limits of a server refuse, `"drop"` if they drop it, or `undefined` if it may be sent. */
export const guarded = (
  core: MessageSocket,
  guard: Guard,
  pending: PendingMessage
): DatagramSendError | "drop" | undefined => {
  const to = pending.to ?? core.peer
  const verdict = guard.sends(to, pending.size, pending.datagrams(0, pending.size))
  if (typeof verdict !== "number") return verdict
  const why = `${pending.size} bytes are more than the ${verdict} that may be sent to ${to} before it is validated: call Datagram.validate when it has proven its address, or set amplification`
  return notSent(core, "data", why, "Limited")
}

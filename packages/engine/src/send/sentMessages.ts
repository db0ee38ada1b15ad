import type { SentMessage } from "../errors/DatagramError.ts"
import type { MessageSocket } from "./message.ts"
import type { Sent } from "../events/events.ts"

/** Lists the control messages of a datagram, for the error of a send that failed. */
export const sentMessages = ({ peer, plan }: MessageSocket, { control, to }: Sent): ReadonlyArray<SentMessage> =>
  plan.sendEntries.flatMap(({ declaration: { message }, format: { errorHints, privilege }, family }) =>
    family === (to ?? peer)?.family && control?.value(message.key) !== undefined
      ? [{ key: message.key, privilege, faults: errorHints }]
      : []
  )

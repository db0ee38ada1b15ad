import type { SentMessage } from "../errors/DatagramError.ts"
import type { MessageSocket } from "./message.ts"
import type { Sent } from "../events/events.ts"

/** What went with a datagram, for the error that says why it did not. */
export const sentMessages = ({ peer, plan }: MessageSocket, { control, to }: Sent): ReadonlyArray<SentMessage> =>
  plan.sendEntries.flatMap(({ declaration: { message }, format: { errorHints, privilege }, family }) =>
    family === (to ?? peer)?.family && control?.value(message.key) !== undefined
      ? [{ key: message.key, privilege, faults: errorHints }]
      : []
  )

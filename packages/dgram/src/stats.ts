/** Counters of a socket. */
import type { State } from "./state.ts"

/**
 * Datagrams since the socket was bound.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stats {
  /** Emitted as `message`, or dropped by the block list. */
  readonly received: number
  /** Received and not readable: they were dropped. */
  readonly faults: number
  /** Handed to the kernel. */
  readonly sent: number
  /** Waiting for room in the send buffer. */
  readonly queued: number
}

export const statsOf = ({ receiving, sender, handle }: State): Stats => ({
  received: receiving?.received ?? 0,
  faults: receiving?.faults ?? 0,
  sent: handle?.socket.counters.send.sent ?? 0,
  queued: sender?.waiting.count ?? 0
})

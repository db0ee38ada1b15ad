/** A loop over received datagrams without a fiber or a promise. It runs in the event loop's callback, one turn at a time. */
import { type DatagramReceiveError, receiveClosed } from "../errors/DatagramError.ts"
import type { Cancel } from "../socket/sendSpace.ts"
import { type Outcome, ReceivedDatagram } from "./incoming.ts"

/** Maximum receive calls of a loop in one turn. Calls that only return errors of other datagrams do not use up the turn otherwise. */
const callsPerTurn = 64

/** The socket that is read. */
export interface LoopSocket {
  readonly closed: boolean
  readonly isTurnSpent: boolean
  readonly hasUnread: boolean
  readonly isPauseDue: boolean
  readonly takePause: () => number
  readonly onReadable: (f: (closed: boolean) => void) => Cancel
  readonly afterPause: (milliseconds: number, f: (closed: boolean) => void) => Cancel
}

/**
 * Reason why a loop ended: a receive failed, or the callback threw.
 *
 * @category sockets
 * @since 0.1.0
 */
export type LoopEnd = { readonly error: DatagramReceiveError } | { readonly defect: unknown }

/**
 * Passes the datagrams of one call to a function until it returns false. Returns whether there may be more, or the error that ends the
 * loop.
 */
type Read = (f: (outcome: Outcome) => boolean, isWanted: () => boolean) => boolean | DatagramReceiveError

/** Reads until `cancel` is called or the loop ends. `onEnd` is called with the reason after the rest of the last batch was put back. */
export const runLoop = (
  socket: LoopSocket,
  read: Read,
  f: (datagram: ReceivedDatagram) => void,
  onEnd: (end: LoopEnd) => void
): Cancel => {
  let isStopped = false
  let leave: Cancel = () => {}
  const stop = (end: LoopEnd) => {
    if (isStopped) return
    isStopped = true
    onEnd(end)
  }
  let defect: { readonly defect: unknown } | undefined
  /** Returns whether the loop continues. */
  const hand = (outcome: Outcome): boolean => {
    if (!(outcome instanceof ReceivedDatagram)) return true
    try {
      f(outcome)
    } catch (cause) {
      defect = { defect: cause }
    }
    return defect === undefined && !isStopped && !socket.closed
  }
  const isRunning = () => !isStopped
  const turn = (closed: boolean): void => {
    if (isStopped) return
    if (closed) return stop({ error: receiveClosed() })
    for (let call = 0; call < callsPerTurn && !socket.isPauseDue && !socket.isTurnSpent; call++) {
      if (socket.closed) return stop({ error: receiveClosed() })
      const more = read(hand, isRunning)
      if (defect !== undefined) return stop(defect)
      if (isStopped) return
      if (typeof more !== "boolean") return stop({ error: more })
      // The queue is drained, so the loop does not receive again. The event loop reports the next datagram.
      if (!more) break
    }
    if (socket.closed) return stop({ error: receiveClosed() })
    const pause = socket.takePause()
    // The event loop does not report unread datagrams, so the loop does not wait for readiness while there are some.
    leave = pause > 0 || socket.hasUnread ? socket.afterPause(pause, turn) : socket.onReadable(turn)
  }
  turn(socket.closed)
  return () => {
    isStopped = true
    leave()
  }
}

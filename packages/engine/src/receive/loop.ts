/**
 * A loop over received datagrams without a fiber or a promise: runs in the event loop's callback, a turn at a time.
 */
import { type DatagramReceiveError, receiveClosed } from "../errors/DatagramError.ts"
import type { Cancel } from "../socket/sendSpace.ts"
import { type Outcome, ReceivedDatagram } from "./incoming.ts"

/** Calls of a loop in a turn: those that bring errors of other datagrams take none. */
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
 * Why a loop ended: reading failed, or its callback threw.
 *
 * @category sockets
 * @since 0.1.0
 */
export type LoopEnd = { readonly error: DatagramReceiveError } | { readonly defect: unknown }

/** Hands over what one call brings, until a function returns false. Returns whether there may be more, or why reading ends. */
type Read = (f: (outcome: Outcome) => boolean, isWanted: () => boolean) => boolean | DatagramReceiveError

/** Reads until `cancel` is called, or the loop ends, which `onEnd` is told after the last batch was given back. */
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
  /** Whether it goes on. */
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
      // What is drained is not asked again: the event loop reports when something has come.
      if (!more) break
    }
    if (socket.closed) return stop({ error: receiveClosed() })
    const pause = socket.takePause()
    // The event loop does not report what is unread: nothing waits for it while some of that is there.
    leave = pause > 0 || socket.hasUnread ? socket.afterPause(pause, turn) : socket.onReadable(turn)
  }
  turn(socket.closed)
  return () => {
    isStopped = true
    leave()
  }
}

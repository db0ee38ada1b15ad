/** A loop over received datagrams without a fiber or a promise. It runs in the event loop's callback, one turn at a time. */
import { type DatagramReceiveError, receiveClosed } from "../errors/DatagramError.ts"
import type { Cancel } from "../socket/sendSpace.ts"
import type { WaitList, Waiter } from "../socket/waiters.ts"
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
  readonly afterPause: (milliseconds: number, f: Waiter) => Cancel
  readonly waiters: Pick<WaitList, "read" | "waitElsewhere" | "leave">
  readonly watch: () => void
  /** Ends a wait before its report. */
  readonly endWait: (waiter: Waiter) => void
  readonly counters: { readonly receive: { readonly beginTurn: () => void } }
}

/**
 * Reason why a loop ended: a receive failed, or the callback threw.
 *
 * @category sockets
 * @since 0.1.0
 */
export type LoopEnd = { readonly error: DatagramReceiveError } | { readonly defect: unknown }

/**
 * Passes the datagrams of one call, at most `most` if it is given, to a function until it returns false. Returns whether there may be
 * more, or the error that ends the loop.
 */
type Read = (
  f: (outcome: Outcome) => boolean,
  isWanted: () => boolean,
  most: number | undefined
) => boolean | DatagramReceiveError

/**
 * The functions that a loop calls.
 *
 * @category sockets
 * @since 0.1.0
 */
export interface LoopCalls {
  readonly f: (datagram: ReceivedDatagram) => void
  /** Called once with the reason after the rest of the last batch was put back. */
  readonly onEnd: (end: LoopEnd) => void
  /** Returns the maximum number of datagrams of the next call. 0 stops the loop until `resume`. Absent: one call decides. */
  readonly room?: (() => number) | undefined
  /** Called after the datagrams of each call. */
  readonly onBatch?: (() => void) | undefined
}

/**
 * A loop over the datagrams of a socket, from `begin` until `cancel` is called or it ends.
 *
 * @category sockets
 * @since 0.1.0
 */
export class Loop {
  readonly #socket: LoopSocket
  readonly #read: Read
  readonly #calls: LoopCalls
  #isStopped = false
  #isReading = false
  /** True while the datagrams of a call are handed over. */
  #isHanding = false
  #onCancelled: (() => void) | undefined
  /** True while the loop does not read because it has no room. */
  #isFull = false
  #cancelPause: Cancel | undefined
  #defect: { readonly defect: unknown } | undefined

  constructor(socket: LoopSocket, read: Read, calls: LoopCalls) {
    this.#socket = socket
    this.#read = read
    this.#calls = calls
  }

  begin(): void {
    this.#turn(this.#socket.closed)
  }

  /** Reads again after there was no room. */
  resume(): void {
    if (!this.#isFull || this.#isReading || this.#isStopped) return
    this.#isFull = false
    this.#socket.waiters.leave(this.#wake)
    this.#turn(this.#socket.closed)
  }

  /** Ends the loop. `onCancelled` is called after the rest of the last batch was put back: at once, unless `f` cancels its own loop. */
  cancel(onCancelled?: () => void): void {
    this.#isStopped = true
    this.#cancelPause?.()
    this.#socket.endWait(this.#wake)
    if (this.#isHanding) this.#onCancelled = onCancelled
    else onCancelled?.()
  }

  #stop(end: LoopEnd): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#calls.onEnd(end)
  }

  /** Returns whether the loop continues. */
  readonly #deliver = (outcome: Outcome): boolean => {
    if (!(outcome instanceof ReceivedDatagram)) return true
    try {
      this.#calls.f(outcome)
    } catch (cause) {
      this.#defect = { defect: cause }
    }
    return this.#defect === undefined && !this.#isStopped && !this.#socket.closed
  }

  readonly #isRunning = (): boolean => !this.#isStopped

  /** One function for all waits of the loop, so a wait allocates nothing. */
  readonly #wake: Waiter = (closed) => {
    this.#socket.counters.receive.beginTurn()
    this.#turn(closed)
  }

  #turn(closed: boolean): void {
    if (this.#isStopped) return
    const socket = this.#socket
    if (closed) return this.#stop({ error: receiveClosed() })
    this.#isReading = true
    this.#cancelPause = undefined
    for (let call = 0; call < callsPerTurn && !socket.isPauseDue && !socket.isTurnSpent; call++) {
      if (socket.closed) return this.#stop({ error: receiveClosed() })
      const most = this.#calls.room?.()
      if (most === 0) {
        this.#isFull = true
        break
      }
      this.#isHanding = true
      const more = this.#attempt(most)
      this.#isHanding = false
      this.#calls.onBatch?.()
      if (this.#defect !== undefined) this.#stop(this.#defect)
      if (this.#isStopped) return this.#onCancelled?.()
      if (typeof more !== "boolean") return this.#stop({ error: more })
      // The queue is drained, so the loop does not receive again. The event loop reports the next datagram.
      if (!more) break
    }
    this.#isReading = false
    this.#wait()
  }

  /** An exception of the driver ends the loop, as one of `f` does. Nothing else learns of it in the event loop's callback. */
  #attempt(most: number | undefined): boolean | DatagramReceiveError {
    try {
      return this.#read(this.#deliver, this.#isRunning, most)
    } catch (cause) {
      this.#defect ??= { defect: cause }
      return false
    }
  }

  #wait(): void {
    const socket = this.#socket
    if (socket.closed) return this.#stop({ error: receiveClosed() })
    // Only the end of the socket is reported to it.
    if (this.#isFull) return socket.waiters.waitElsewhere(this.#wake)
    const pause = socket.takePause()
    // The event loop does not report unread datagrams, so the loop does not wait for readiness while there are some.
    if (pause > 0 || socket.hasUnread) this.#cancelPause = socket.afterPause(pause, this.#wake)
    else {
      socket.waiters.read(this.#wake)
      socket.watch()
    }
  }
}

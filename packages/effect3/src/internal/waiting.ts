/** Waits of a reader: for a datagram, for an event, for the next turn of the event loop, and for a pause to end. None takes anything. */
import { Effect } from "effect"
import { type DatagramReceiveError, receiveClosed } from "@ancillary/engine/errors/DatagramError"
import type { Face } from "@ancillary/engine/socket/face"
import { later } from "@ancillary/engine/driver/eventLoop"

/** Datagrams that are taken of a socket, by whoever reads it, before the event loop sees to timers and to other sockets. */
const perTurn = 256

/** Whether the socket has had its turn. A fiber that yields lets other fibers run, and not the event loop. */
export const isSpent = (core: Face): boolean => core.brought - core.turnFrom >= perTurn

/** Waits until the kernel says that there is something to read, taking nothing. */
export const readable = (core: Face): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    // Given back since the attempt, and the event loop knows nothing of it.
    if (core.unread.length > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => {
      core.turnFrom = core.brought
      resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    }
    core.waiters.read(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** Waits until there are events, taking none. */
export const attended = (core: Face): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    if (core.events.unread > 0) return resume(Effect.void)
    const waiter = (closed: boolean) => resume(closed ? Effect.fail(receiveClosed()) : Effect.void)
    core.waiters.attend(waiter)
    core.watch()
    return Effect.sync(() => core.waiters.leave(waiter))
  })

/** Calls back after a pause of so many milliseconds, or when the socket is closed. Returns what takes it back. */
export const rest = (core: Face, milliseconds: number, next: (closed: boolean) => void): (() => void) => {
  const leave = () => {
    cancel()
    core.waiters.leave(waiter)
  }
  const waiter = (closed: boolean) => {
    leave()
    core.turnFrom = core.brought
    next(closed)
  }
  const cancel = later(milliseconds, () => waiter(false))
  core.waiters.waitElsewhere(waiter)
  return leave
}

/** Waits so many milliseconds of real time; 0: for the next turn of the event loop. */
export const paused = (core: Face, milliseconds: number): Effect.Effect<void, DatagramReceiveError> =>
  Effect.async((resume) => {
    if (core.closed) return resume(Effect.fail(receiveClosed()))
    const leave = rest(core, milliseconds, (closed) => resume(closed ? Effect.fail(receiveClosed()) : Effect.void))
    return Effect.sync(leave)
  })

/**
 * The wait that is due before the next receive: a pause after receives that failed, or the next turn of the event loop if this one is spent. The poll
 * tells of the next turn in a few microseconds, but not of datagrams that were given back.
 */
export const due = (core: Face): Effect.Effect<void, DatagramReceiveError> | undefined => {
  const pause = core.calls.takePause()
  if (pause > 0) return paused(core, pause)
  if (!isSpent(core)) return undefined
  return core.unread.length > 0 ? paused(core, 0) : readable(core)
}

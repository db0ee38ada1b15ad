/**
 * The event loop's poll (koffi's face of libuv's `uv_poll`: kqueue, AFD; an epoll of the driver's own on Linux), tamed. A driver brings the
 * function; each of its hazards is met here and nowhere else:
 *
 * - The callback is called with `(status, events)`, whatever koffi's declarations say.
 * - A method called after `close` crashes the process: a flag says closed.
 * - Two handles on one descriptor abort the process on Linux: one a socket, and its interest changes with `start`.
 * - A handle on a number that is no socket aborts the process: it is made while the socket is open, and closed before it.
 * - `start` wants the callback again.
 * - A handle that nothing references is collected, and reading silently ends: the closure that is returned holds it.
 * - An exception in the callback surfaces in some later foreign call: none leaves it.
 * - A negative status (the socket has an error pending, or its error queue something) ends the reports: everybody is woken to learn it, and the
 *   next interest starts anew. There is no interest in errors alone; one in the peer's hanging up is told of nothing else.
 *
 * Shown by `readiness.child.test.ts` of `@ancillary/posix` and `readiness.wine.ts` of `@ancillary/winsock`, naked first.
 *
 * @since 0.1.0
 */
import type { Poll } from "./Driver.ts"

/** In every host of JavaScript, and in the types of none that this package compiles with. */
declare const queueMicrotask: (task: () => void) => void

/**
 * What a poll can be asked to report, and what it reports.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interest {
  readonly readable: boolean
  readonly writable: boolean
  /** The peer hung up, which no datagram socket's does. Asked for alone it leaves what every interest is told of: errors. */
  readonly disconnect: boolean
}

/**
 * What the event loop calls: a negative status is an error number.
 *
 * @category models
 * @since 0.1.0
 */
export type PollCallback = (status: number, events: Interest) => void

/**
 * One registration with the event loop, untamed.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollHandle {
  readonly start: (interest: Interest, callback: PollCallback) => void
  readonly stop: () => void
  readonly close: () => void
}

/**
 * The function that makes one.
 *
 * @category models
 * @since 0.1.0
 */
export type StartPoll = (descriptor: number, interest: Interest, callback: PollCallback) => PollHandle

/**
 * Registers a descriptor. Nothing is reported before `update` asks for something.
 *
 * @category constructors
 * @since 0.1.0
 */
export const poll = (
  start: StartPoll,
  descriptor: number,
  onReady: (readable: boolean, writable: boolean, failed: boolean) => void
): Poll => {
  let readable = false
  let writable = false
  let failed = false
  let closed = false
  let handle: PollHandle | undefined = undefined

  const report = (isReadable: boolean, isWritable: boolean, isFailed: boolean) => {
    try {
      onReady(isReadable, isWritable, isFailed)
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }
  const callback: PollCallback = (status, events) => {
    if (closed) return
    if (status >= 0) return report(events.readable, events.writable, false)
    readable = false
    writable = false
    failed = false
    handle?.stop()
    report(true, true, true)
  }

  return {
    update: (wantReadable, wantWritable, wantFailed = false) => {
      if (closed || (wantReadable === readable && wantWritable === writable && wantFailed === failed)) return
      readable = wantReadable
      writable = wantWritable
      failed = wantFailed
      const interest = { readable, writable, disconnect: failed }
      if (!readable && !writable && !failed) handle?.stop()
      else if (handle === undefined) handle = start(descriptor, interest, callback)
      else handle.start(interest, callback)
    },
    close: () => {
      if (closed) return
      closed = true
      handle?.close()
      handle = undefined
    }
  }
}

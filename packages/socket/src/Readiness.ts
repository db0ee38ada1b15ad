/**
 * The event loop's poll (koffi's face of libuv's `uv_poll`: epoll, kqueue, AFD), tamed. A driver brings the function; each of its hazards is met
 * here and nowhere else:
 *
 * - The callback is called with `(status, events)`, whatever koffi's declarations say.
 * - A method called after `close` crashes the process: a flag says closed.
 * - Two handles on one descriptor abort the process on Linux: one a socket, and its interest changes with `start`.
 * - A handle on a number that is no socket aborts the process: it is made while the socket is open, and closed before it.
 * - `start` wants the callback again.
 * - A handle that nothing references is collected, and reading silently ends: the closure that is returned holds it.
 * - An exception in the callback surfaces in some later foreign call: none leaves it.
 * - A negative status (the socket has an error pending) ends the reports: everybody is woken to learn it, and the next interest starts anew.
 *
 * Shown by `readiness.test.ts` of `@ancillary/posix` and `readiness.wine.ts` of `@ancillary/winsock`, naked first.
 *
 * @since 0.1.0
 */
import type { Watch } from "./Driver.ts"

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
export type Poll = (descriptor: number, interest: Interest, callback: PollCallback) => PollHandle

/**
 * Registers a descriptor. Nothing is reported before `on` asks for something.
 *
 * @category constructors
 * @since 0.1.0
 */
export const watch = (
  poll: Poll,
  descriptor: number,
  onReady: (readable: boolean, writable: boolean) => void
): Watch => {
  let readable = false
  let writable = false
  let closed = false
  let handle: PollHandle | undefined = undefined

  const report = (ready: Interest) => {
    try {
      onReady(ready.readable, ready.writable)
    } catch (defect) {
      queueMicrotask(() => {
        throw defect
      })
    }
  }
  const callback: PollCallback = (status, events) => {
    if (closed) return
    if (status >= 0) return report(events)
    readable = false
    writable = false
    handle?.stop()
    report({ readable: true, writable: true })
  }

  return {
    on: (wantReadable, wantWritable) => {
      if (closed || (wantReadable === readable && wantWritable === writable)) return
      readable = wantReadable
      writable = wantWritable
      const interest = { readable, writable }
      if (!readable && !writable) handle?.stop()
      else if (handle === undefined) handle = poll(descriptor, interest, callback)
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

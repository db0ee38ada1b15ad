/**
 * Readiness of a descriptor, by a registration with the event loop. Each hazard of libuv's poll is handled in this file only:
 *
 * - A method call after `close` crashes the process, so a flag records the close.
 * - Two handles on one descriptor abort the process on Linux, so each socket has one, and `start` changes its interest.
 * - A handle on a number that is not a socket aborts the process, so it is made while the socket is open and closed before it.
 * - `start` requires the callback again.
 * - koffi's handle without references is collected, and reports silently end, so the returned closure holds it.
 * - An exception in the callback surfaces in a later foreign call, so none leaves it.
 * - A negative status ends the reports: the socket has a pending error, or its error queue has an entry. Everyone is woken, and the next interest
 *   starts again. There is no interest in errors only; an interest in hang-ups reports nothing else.
 *
 * Shown by `readiness.child.test.ts` of `@ancillary/posix` and `readiness.wine.ts` of `@ancillary/winsock`, the bare poll first.
 *
 * @since 0.1.0
 */
import type { Poll } from "@ancillary/engine/driver/Driver"
import type { PollCallback, PollHandle, StartPoll } from "./libuv.ts"

/**
 * Registers a descriptor. Nothing is reported before `update` sets an interest.
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
  let keepsAlive = true
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
      else if (handle === undefined) {
        handle = start(descriptor, interest, callback)
        if (!keepsAlive) handle.unref()
      } else handle.start(interest, callback)
    },
    keepAlive: (keeps) => {
      if (closed || keeps === keepsAlive) return
      keepsAlive = keeps
      if (keeps) handle?.ref()
      else handle?.unref()
    },
    close: () => {
      if (closed) return
      closed = true
      handle?.close()
      handle = undefined
    }
  }
}

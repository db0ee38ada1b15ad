/**
 * Registration with the event loop by koffi's poll, its interface to libuv's `uv_poll` (kqueue, AFD; on Linux an epoll of the driver). Each of
 * its hazards is handled in this file only:
 *
 * - koffi calls back with `(status, events)`, although its declarations leave out the status.
 * - A method call after `close` crashes the process, so a flag records the close.
 * - Two handles on one descriptor abort the process on Linux, so each socket has one, and `start` changes its interest.
 * - A handle on a number that is not a socket aborts the process, so it is made while the socket is open and closed before it.
 * - `start` requires the callback again.
 * - A handle without references is collected, and reports silently end, so the returned closure holds it.
 * - An exception in the callback surfaces in a later foreign call, so none leaves it.
 * - A negative status ends the reports: the socket has a pending error, or its error queue has an entry. Everyone is woken, and the next interest
 *   starts again. There is no interest in errors only; an interest in hang-ups reports nothing else.
 *
 * Shown by `readiness.child.test.ts` of `@ancillary/posix` and `readiness.wine.ts` of `@ancillary/winsock`, the bare poll first.
 *
 * @since 0.1.0
 */
import type { Poll } from "@ancillary/engine/driver/Driver"
import { koffi } from "./koffi.ts"

/**
 * Events that a poll can report.
 *
 * @category models
 * @since 0.1.0
 */
export interface Interest {
  readonly readable: boolean
  readonly writable: boolean
  /** The peer hung up, which does not happen to datagram sockets. Set it alone to get only errors, which every interest reports. */
  readonly disconnect: boolean
}

/**
 * Callback of the event loop. A negative status is an error number.
 *
 * @category models
 * @since 0.1.0
 */
export type PollCallback = (status: number, events: Interest) => void

/**
 * One registration with the event loop, with the hazards above.
 *
 * @category models
 * @since 0.1.0
 */
export interface PollHandle {
  readonly start: (interest: Interest, callback: PollCallback) => void
  readonly stop: () => void
  /** Keeps the event loop running, which is the initial state. */
  readonly ref: () => void
  readonly unref: () => void
  readonly close: () => void
}

/**
 * A registration made by koffi, which can also stop to keep the process running.
 *
 * @category models
 * @since 0.1.0
 */
export interface KoffiPollHandle extends PollHandle {
  readonly ref: () => void
  readonly unref: () => void
}

/**
 * Makes a registration.
 *
 * @category models
 * @since 0.1.0
 */
export type StartPoll<Handle extends PollHandle = PollHandle> = (
  descriptor: number,
  interest: Interest,
  callback: PollCallback
) => Handle

/**
 * koffi's poll, in its real shape.
 *
 * @category constructors
 * @since 0.1.0
 */
export const startPoll: StartPoll<KoffiPollHandle> = (descriptor, interest, callback) =>
  (koffi().node.poll as unknown as StartPoll<KoffiPollHandle>)(descriptor, interest, callback)

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

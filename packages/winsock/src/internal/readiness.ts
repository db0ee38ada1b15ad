/**
 * koffi's poll (libuv's `uv_poll`, on Windows AFD), tamed. Each of its hazards is met here and nowhere else; readiness.wine.ts shows them:
 *
 * - The callback is called with `(status, events)`, whatever koffi's declarations say.
 * - A method called after `close` crashes the process: a flag says closed.
 * - A handle on a number that is no socket aborts the process: it is made while the socket is open, and closed before it.
 * - `start` wants the callback again.
 * - A handle that nothing references is collected, and reading silently ends: the closure that is returned holds it.
 * - An exception in the callback surfaces in some later foreign call: none leaves it.
 * - A negative status (the socket has an error pending) ends the reports: everybody is woken to learn it, and the next interest starts anew.
 */
import type { Fault, Watch } from "@ancillary/socket/Driver"
import koffi from "koffi"

type PollCallback = (status: number, events: { readonly readable: boolean; readonly writable: boolean }) => void
interface PollHandle {
  readonly start: (interest: { readonly readable: boolean; readonly writable: boolean }, callback: PollCallback) => void
  readonly stop: () => void
  readonly close: () => void
}
/** The shape that koffi really has. */
const poll = koffi.node.poll as unknown as (
  descriptor: number,
  interest: { readonly readable: boolean; readonly writable: boolean },
  callback: PollCallback
) => PollHandle

export const watch = (descriptor: number, onReady: (readable: boolean, writable: boolean) => void): Watch | Fault => {
  let readable = false
  let writable = false
  let closed = false
  let handle: PollHandle | undefined = undefined

  const report = (ready: { readonly readable: boolean; readonly writable: boolean }) => {
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

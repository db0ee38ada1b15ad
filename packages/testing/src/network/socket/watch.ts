/** The registration of a socket with the event loop. */
import type { NativeSocket, Poll } from "@ancillary/engine/driver/Driver"
import type { Reporter, Turns } from "../turns.ts"
import type { SocketState } from "./socket.ts"

type OnReady = Parameters<NativeSocket["poll"]>[0]

export const watch = (turns: Turns, socket: SocketState, onReady: OnReady): Poll => {
  let wanted = { readable: false, writable: false, failed: false }
  let keepsAlive = true
  let isClosed = false
  const waits = () => wanted.readable || wanted.writable || wanted.failed
  const arm = () => {
    if (waits() && !isClosed) turns.arm(reporter)
    else turns.disarm(reporter)
    turns.hold(reporter, keepsAlive && waits() && !isClosed)
  }
  const reporter: Reporter = {
    report: () => {
      if (socket.pending !== undefined || socket.errors.length > 0) {
        // An error ends the interest until the next one.
        wanted = { readable: false, writable: false, failed: false }
        arm()
        onReady(true, true, true)
        return false
      }
      const readable = wanted.readable && socket.queue.length > 0
      const writable = wanted.writable && socket.sendBuffer.isWritable
      if (!readable && !writable) return false
      onReady(readable, writable, false)
      return waits()
    }
  }
  socket.wake = () => {
    if (waits()) turns.wake()
  }
  return {
    update: (readable, writable, failed = false) => {
      if (isClosed) return
      wanted = { readable, writable, failed }
      arm()
    },
    keepAlive: (keeps) => {
      keepsAlive = keeps
      arm()
    },
    close: () => {
      isClosed = true
      arm()
      socket.wake = () => {}
    }
  }
}

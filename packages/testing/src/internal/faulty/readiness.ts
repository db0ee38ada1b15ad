/**
 * Readiness of a socket: reports of the event loop, and reports of the wrapper for stored datagrams and forged errors.
 */
import { type Fault, isFault, type NativeSocket, type Poll } from "@ancillary/engine/driver/Driver"

export class Readiness {
  #isReadable: () => boolean
  #isFailed: () => boolean
  /** Reports a due event, if there is a poll. */
  look: () => void = () => {}

  constructor(isReadable: () => boolean, isFailed: () => boolean) {
    this.#isReadable = isReadable
    this.#isFailed = isFailed
  }

  /** Implements `NativeSocket.poll`. */
  poll(socket: NativeSocket, onReady: Parameters<NativeSocket["poll"]>[0]): Poll | Fault {
    let interest = { readable: false, any: false }
    let scheduled = false
    let closed = false
    const poll = socket.poll((readable, writable, failed) => {
      if (failed) interest = { readable: false, any: false }
      onReady(readable, writable, failed)
    })
    if (isFault(poll)) return poll
    const isDue = () => !closed && interest.any && (this.#isFailed() || (interest.readable && this.#isReadable()))
    const report = () => {
      scheduled = false
      if (!isDue()) return
      if (this.#isFailed()) {
        interest = { readable: false, any: false }
        poll.update(false, false, false)
        onReady(true, true, true)
      } else {
        onReady(true, false, false)
        // As the event loop does: it reports again, as long as data is available.
        this.look()
      }
    }
    this.look = () => {
      if (scheduled || !isDue()) return
      scheduled = true
      setTimeout(report, 0)
    }
    return {
      update: (readable, writable, failed = false) => {
        interest = { readable, any: readable || writable || failed }
        poll.update(readable, writable, failed)
        this.look()
      },
      keepAlive: poll.keepAlive,
      close: () => {
        closed = true
        poll.close()
      }
    }
  }
}

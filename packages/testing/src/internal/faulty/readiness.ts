/** What the event loop reports of a socket, and beside it what only the wrapper knows: datagrams that it keeps, and forged errors. */
import { type Fault, isFault, type NativeSocket, type Watch } from "@ancillary/engine/driver/Driver"

export class Readiness {
  #isReadable: () => boolean
  #isFailed: () => boolean
  /** Looks whether something is to be reported, once a watch is there. */
  look: () => void = () => {}

  constructor(isReadable: () => boolean, isFailed: () => boolean) {
    this.#isReadable = isReadable
    this.#isFailed = isFailed
  }

  /** As `NativeSocket.watch`. */
  watch(socket: NativeSocket, onReady: Parameters<NativeSocket["watch"]>[0]): Watch | Fault {
    let interest = { readable: false, any: false }
    let scheduled = false
    let closed = false
    const watch = socket.watch((readable, writable, failed) => {
      if (failed) interest = { readable: false, any: false }
      onReady(readable, writable, failed)
    })
    if (isFault(watch)) return watch
    const isDue = () => !closed && interest.any && (this.#isFailed() || (interest.readable && this.#isReadable()))
    const report = () => {
      scheduled = false
      if (!isDue()) return
      if (this.#isFailed()) {
        interest = { readable: false, any: false }
        watch.on(false, false, false)
        onReady(true, true, true)
      } else {
        onReady(true, false, false)
        // As the event loop does: again, as long as something is there.
        this.look()
      }
    }
    this.look = () => {
      if (scheduled || !isDue()) return
      scheduled = true
      setTimeout(report, 0)
    }
    return {
      on: (readable, writable, failed = false) => {
        interest = { readable, any: readable || writable || failed }
        watch.on(readable, writable, failed)
        this.look()
      },
      close: () => {
        closed = true
        watch.close()
      }
    }
  }
}

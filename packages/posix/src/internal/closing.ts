/**
 * Closes descriptors from other processes outside the event loop. A `close` may block as long as its file requires (FUSE), or while its
 * socket lingers.
 *
 * Each `close` has a thread of the C library. In libuv's pool a blocked one would delay file operations, name look-ups, and the end of the
 * process. The process waits for that pool and not for these threads. Linux frees the number first, so a blocked `close` keeps no
 * descriptor.
 */
import type { Address, ClosingThreads, Libc } from "./libc.ts"

/** Maximum number of threads that may be blocked at a time. Further descriptors stay open until a thread has ended. */
const maximumThreads = 64
/** Maximum number of descriptors that are passed to threads in a turn of the event loop. A thread costs 20 µs to create. */
const perTurn = 64
/** Milliseconds between checks whether a blocked thread has ended. */
const patience = 100

export class Closing {
  readonly #threads: ClosingThreads
  #running: Array<Address> = []
  #waiting: Array<number> = []
  #scheduled = false

  constructor(threads: ClosingThreads) {
    this.#threads = threads
  }

  close(fd: number): void {
    this.#waiting.push(fd)
    if (!this.#scheduled) this.#turn()
  }

  #turn(): void {
    let begun = 0
    while (this.#waiting.length > 0 && begun < perTurn && this.#begin()) begun++
    if (this.#waiting.length > 0) this.#later(begun === 0)
  }

  /** Starts to close the first waiting descriptor. */
  #begin(): boolean {
    const [fd] = this.#waiting
    if (this.#running.length >= maximumThreads)
      this.#running = this.#running.filter((each) => !this.#threads.hasEnded(each))
    if (fd === undefined || this.#running.length >= maximumThreads) return false
    const thread = this.#threads.begin(fd)
    if (thread === undefined) return false
    this.#running.push(thread)
    this.#waiting.shift()
    return true
  }

  /** The timer does not keep the process running, because the system closes the remaining descriptors with it. */
  #later(blocked: boolean): void {
    this.#scheduled = true
    const next = () => {
      this.#scheduled = false
      this.#turn()
    }
    if (blocked) setTimeout(next, patience).unref()
    else setImmediate(next)
  }
}

/** One for a process, or for a worker thread. The limit applies to all of its sockets. */
const closings = new WeakMap<Libc, Closing>()

export const closeAside = (libc: Libc, fd: number): number => {
  const { closingThreads } = libc
  if (closingThreads === undefined) return libc.close(fd)
  let closing = closings.get(libc)
  if (closing === undefined) {
    closing = new Closing(closingThreads)
    closings.set(libc, closing)
  }
  closing.close(fd)
  return 0
}

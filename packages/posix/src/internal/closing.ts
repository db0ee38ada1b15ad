/**
 * Closes descriptors that strangers sent, off the event loop: a `close` may block as long as its file wants (FUSE), or its socket lingers.
 *
 * Each `close` has a thread of the C library's. In libuv's pool a blocked one would hold back files and name look-ups, and the end of the process,
 * which waits for that pool; it does not wait for these. Linux frees the number first, so that a blocked `close` keeps no descriptor.
 */
import type { Address, Libc } from "./libc.ts"

/** Threads that may be blocked at a time. Beyond that descriptors wait, open, until one has ended. */
const maximumThreads = 64
/** Descriptors that are handed to threads in a turn of the event loop: a thread costs 20 µs to make. */
const perTurn = 64
/** Milliseconds after which it is looked whether a blocked thread has ended. */
const patience = 100

/** What makes threads that close. Linux only: Darwin cannot ask whether a thread has ended. */
export interface ClosingThreads {
  /** Begins to close; the thread, or nothing if the system has no room for another. */
  readonly begin: (fd: number) => Address | undefined
  /** Whether a thread has ended; its memory is free then. */
  readonly hasEnded: (thread: Address) => boolean
}

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

  /** Begins with the first that waits. */
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

  /** It keeps no process alive: the system closes what is left with it. */
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

/** The one of a process, or of a worker thread: the limit is for all of its sockets. */
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

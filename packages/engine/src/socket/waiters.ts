/**
 * Waits for a socket. One reader is woken at a time, in turn. The event loop reports again while there is something to read. A wake-up is
 * therefore not lost if its reader was interrupted.
 */
import { callOut, callOutLater, isHolding } from "./wakeUps.ts"

/**
 * Called once to continue. `closed` is true if the socket is closed.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Waiter = (closed: boolean) => void

/** The waits that a socket, or one of its connections, offers. */
export interface WaitList {
  /** Waits for datagrams. */
  readonly read: (waiter: Waiter) => void
  /** Waits for send space. */
  readonly write: (waiter: Waiter) => void
  /** Waits for events. */
  readonly attend: (waiter: Waiter) => void
  /** Waits for something that the poll of this socket does not report. */
  readonly waitElsewhere: (waiter: Waiter) => void
  /** Ends a wait, so the waiter is not called any more. */
  readonly leave: (waiter: Waiter) => void
}

/** Stands for each list of a socket that nothing has waited for in that way. Nothing is added to it. */
const none = new Set<Waiter>()

export class Waiters implements WaitList {
  /** The reader that has waited longest. Most sockets have one reader, and a field costs less than a set. */
  #reader: Waiter | undefined
  #readers = none
  #writers = none
  #attending = none
  #others = none

  get reading(): boolean {
    return this.#reader !== undefined
  }
  get writing(): boolean {
    return this.#writers.size > 0
  }
  get attending(): boolean {
    return this.#attending.size > 0
  }

  read(waiter: Waiter): void {
    if (this.#reader === undefined) {
      this.#reader = waiter
      return
    }
    if (this.#readers === none) this.#readers = new Set()
    this.#readers.add(waiter)
  }
  write(waiter: Waiter): void {
    if (this.#writers === none) this.#writers = new Set()
    this.#writers.add(waiter)
  }
  attend(waiter: Waiter): void {
    if (this.#attending === none) this.#attending = new Set()
    this.#attending.add(waiter)
  }
  waitElsewhere(waiter: Waiter): void {
    if (this.#others === none) this.#others = new Set()
    this.#others.add(waiter)
  }
  leave(waiter: Waiter): void {
    if (this.#reader === waiter) this.#reader = this.#nextReader()
    else this.#readers.delete(waiter)
    this.#writers.delete(waiter)
    this.#attending.delete(waiter)
    this.#others.delete(waiter)
  }

  /** Wakes the reader that has waited longest. */
  wakeReader(): void {
    if (isHolding()) callOutLater(() => this.#wakeOne())
    else this.#wakeOne()
  }

  #wakeOne(): void {
    const waiter = this.#reader
    if (waiter === undefined) return
    this.#reader = this.#nextReader()
    waiter(false)
  }

  #nextReader(): Waiter | undefined {
    for (const waiter of this.#readers) {
      this.#readers.delete(waiter)
      return waiter
    }
    return undefined
  }

  /** Wakes all readers for datagrams that the event loop does not report, after their current holder has received its own. */
  wakeReaders(): void {
    if (this.reading) callOutLater(() => this.#wakeReaders(false))
  }

  #wakeReaders(closed: boolean): void {
    const waiter = this.#reader
    if (waiter === undefined) return
    const others = Array.from(this.#readers)
    this.#takeReader(waiter)
    waiter(closed)
    for (const other of others) if (this.#takeReader(other)) other(closed)
  }

  /** Ends the wait of a reader. Returns false if it has ended before. */
  #takeReader(waiter: Waiter): boolean {
    if (this.#reader !== waiter) return this.#readers.delete(waiter)
    this.#reader = this.#nextReader()
    return true
  }

  wakeWriters(): void {
    if (this.#writers.size > 0) callOut(() => wake(this.#writers, false))
  }

  wakeAttending(): void {
    if (this.#attending.size > 0) callOut(() => wake(this.#attending, false))
  }

  close(): void {
    callOut(() => {
      this.#wakeReaders(true)
      for (const waiters of [this.#writers, this.#attending, this.#others]) wake(waiters, true)
    })
  }
}

/** Wakes the current waiters, except those whose wait ends before their turn. */
const wake = (waiters: Set<Waiter>, closed: boolean): void => {
  for (const waiter of Array.from(waiters)) if (waiters.delete(waiter)) waiter(closed)
}

/** Waits of one connection of a bound socket: they wait with those of the socket, and end with the connection. */
export class OwnWaiters implements WaitList {
  readonly #waiters: WaitList
  /** Maps a waiter to the function that the socket wakes. */
  readonly #own = new Map<Waiter, Waiter>()

  constructor(waiters: WaitList) {
    this.#waiters = waiters
  }

  read(waiter: Waiter): void {
    this.#waiters.read(this.#enter(waiter))
  }
  write(waiter: Waiter): void {
    this.#waiters.write(this.#enter(waiter))
  }
  attend(waiter: Waiter): void {
    this.#waiters.attend(this.#enter(waiter))
  }
  waitElsewhere(waiter: Waiter): void {
    this.#waiters.waitElsewhere(this.#enter(waiter))
  }

  leave(waiter: Waiter): void {
    const own = this.#own.get(waiter)
    if (own === undefined) return
    this.#own.delete(waiter)
    this.#waiters.leave(own)
  }

  end(): void {
    callOut(() => {
      for (const waiter of Array.from(this.#own.keys())) {
        if (!this.#own.has(waiter)) continue
        this.leave(waiter)
        waiter(true)
      }
    })
  }

  #enter(waiter: Waiter): Waiter {
    const own = (closed: boolean) => {
      this.#own.delete(waiter)
      waiter(closed)
    }
    this.#own.set(waiter, own)
    return own
  }
}

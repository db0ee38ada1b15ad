/**
 * Who waits for a socket. A reader is woken one at a time, in turn: the event loop tells again as long as something is there, so that a wake
 * whose reader was interrupted meanwhile is not lost.
 */

/** Called once to go on; `closed` when the socket is. */
export type Waiter = (closed: boolean) => void

export class Waiters {
  #readers = new Set<Waiter>()
  #writers = new Set<Waiter>()
  #attending = new Set<Waiter>()
  /** For something that this socket's poll does not tell. */
  #others = new Set<Waiter>()

  get reading(): boolean {
    return this.#readers.size > 0
  }
  get writing(): boolean {
    return this.#writers.size > 0
  }
  get attending(): boolean {
    return this.#attending.size > 0
  }

  read(waiter: Waiter): void {
    this.#readers.add(waiter)
  }
  write(waiter: Waiter): void {
    this.#writers.add(waiter)
  }
  /** Waits for events. */
  attend(waiter: Waiter): void {
    this.#attending.add(waiter)
  }
  waitElsewhere(waiter: Waiter): void {
    this.#others.add(waiter)
  }
  leave(waiter: Waiter): void {
    this.#readers.delete(waiter)
    this.#writers.delete(waiter)
    this.#attending.delete(waiter)
    this.#others.delete(waiter)
  }

  wakeReader(): void {
    for (const waiter of this.#readers) {
      this.#readers.delete(waiter)
      return waiter(false)
    }
  }
  /** For what the event loop does not know of: it would not tell again. */
  wakeReaders(): void {
    const readers = [...this.#readers]
    this.#readers.clear()
    for (const waiter of readers) waiter(false)
  }
  wakeWriters(): void {
    const writers = [...this.#writers]
    this.#writers.clear()
    for (const waiter of writers) waiter(false)
  }

  wakeAttending(): void {
    const attending = [...this.#attending]
    this.#attending.clear()
    for (const waiter of attending) waiter(false)
  }

  close(): void {
    const everyone = [...this.#readers, ...this.#writers, ...this.#attending, ...this.#others]
    this.#readers.clear()
    this.#writers.clear()
    this.#attending.clear()
    this.#others.clear()
    for (const waiter of everyone) waiter(true)
  }
}

import type { Outcome } from "./incoming.ts"

/** Datagrams that were taken from the kernel and not delivered. The next reader gets them before the kernel is called. */
export class Unread {
  #items: Array<Outcome | undefined> = []
  #next = 0

  get length(): number {
    return this.#items.length - this.#next
  }

  get first(): Outcome | undefined {
    return this.#items[this.#next]
  }

  push(outcome: Outcome): void {
    this.#items.push(outcome)
  }

  shift(): Outcome | undefined {
    const outcome = this.#items[this.#next]
    if (outcome === undefined) return undefined
    this.#items[this.#next++] = undefined
    if (this.#next === this.#items.length) this.clear()
    return outcome
  }

  /** Takes at most `most` datagrams. */
  take(most: number): ReadonlyArray<Outcome> {
    const taken = this.#items.slice(this.#next, this.#next + most) as Array<Outcome>
    if (taken.length === this.length) this.clear()
    else this.#next += taken.length
    return taken
  }

  /** Puts datagrams before the others. */
  putBack(outcomes: ReadonlyArray<Outcome>): void {
    this.#items = [...outcomes, ...this.#items.slice(this.#next)]
    this.#next = 0
  }

  clear(): void {
    this.#items = []
    this.#next = 0
  }
}

/** Datagrams that are held back by a timer, or until others have passed. */
import type { Verdict } from "./verdict.ts"

export class Held<A> {
  #timers = new Set<ReturnType<typeof setTimeout>>()
  #behind: Array<{ readonly item: A; by: number }> = []
  #waiting = new Set<A>()
  #release: (item: A) => void

  constructor(release: (item: A) => void) {
    this.#release = release
  }

  /** True if a datagram is held until others have passed. Each datagram must then pass in its own call. */
  get counts(): boolean {
    return this.#behind.length > 0
  }

  hold(item: A, verdict: Extract<Verdict, { readonly _tag: "Delay" | "Reorder" }>): void {
    this.#waiting.add(item)
    if (verdict._tag === "Reorder") this.#behind.push({ item, by: verdict.by })
    else this.later(verdict.milliseconds, () => this.#letGo(item))
  }

  /** Runs a function later, unless `close` comes first. */
  later(milliseconds: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, milliseconds)
    this.#timers.add(timer)
  }

  /** Counts one datagram that passed, and releases those that had to follow it. */
  passed(): void {
    if (this.#behind.length === 0) return
    const due = this.#behind.filter((held) => --held.by === 0)
    this.#behind = this.#behind.filter(({ by }) => by > 0)
    for (const { item } of due) this.#letGo(item)
  }

  /** Removes all datagrams that are held, and returns them. */
  close(): ReadonlyArray<A> {
    for (const timer of this.#timers) clearTimeout(timer)
    const rest = [...this.#waiting]
    this.#timers.clear()
    this.#behind = []
    this.#waiting.clear()
    return rest
  }

  #letGo(item: A): void {
    if (this.#waiting.delete(item)) this.#release(item)
  }
}

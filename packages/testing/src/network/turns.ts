/** Turns of the event loop, in which sockets report that they are ready: never from within a call of the program. */

/** Only in Node and Bun: a turn without a timer's millisecond. None of the types that this package compiles with declares these. */
declare const setImmediate: ((task: () => void) => unknown) | undefined
declare const setTimeout: (task: () => void, milliseconds: number) => unknown
declare const setInterval: (task: () => void, milliseconds: number) => unknown
declare const clearInterval: (timer: unknown) => void
declare const queueMicrotask: (task: () => void) => void

const soon = (task: () => void): void => {
  if (typeof setImmediate === "function") setImmediate(task)
  else setTimeout(task, 0)
}

/** Something that may have to be reported. */
export interface Reporter {
  /** Reports. Returns true if it has to be called again in the next turn. */
  readonly report: () => boolean
}

/** Longest interval of a timer. It does nothing but keep the process running. */
const longest = 0x7fffffff

export class Turns {
  readonly #armed = new Set<Reporter>()
  readonly #holders = new Set<Reporter>()
  #isScheduled = false
  #count = 0
  #held: unknown

  /** Adds a reporter that waits, and has it called in the next turn. */
  arm(reporter: Reporter): void {
    this.#armed.add(reporter)
    this.wake()
  }

  disarm(reporter: Reporter): void {
    this.#armed.delete(reporter)
  }

  /** Sets whether a waiting reporter keeps the process running. */
  hold(reporter: Reporter, holds: boolean): void {
    if (holds) this.#holders.add(reporter)
    else this.#holders.delete(reporter)
    if (this.#holders.size > 0) this.#held ??= setInterval(() => {}, longest)
    else if (this.#held !== undefined) {
      clearInterval(this.#held)
      this.#held = undefined
    }
  }

  /** Turns so far. */
  get count(): number {
    return this.#count
  }

  /** Calls the reporters in the next turn. */
  wake(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    soon(() => this.#run())
  }

  #run(): void {
    this.#isScheduled = false
    this.#count++
    let isAgain = false
    for (const reporter of Array.from(this.#armed)) {
      // An earlier one may have ended the wait of this one.
      if (!this.#armed.has(reporter)) continue
      try {
        if (reporter.report()) isAgain = true
      } catch (defect) {
        queueMicrotask(() => {
          throw defect
        })
      }
    }
    if (isAgain) this.wake()
  }
}

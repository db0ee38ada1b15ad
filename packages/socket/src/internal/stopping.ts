/** The end of a server: it stops reading, waits for its handlers, aborts those that are late, and closes its sockets. */
import type { StopReport } from "../ServerTypes.ts"
import { print } from "./printing.ts"
import { whenAborted } from "./waiting.ts"

/** Minimum time in milliseconds for aborted handlers to end. */
const leave = 5000
/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** The parts of a server that end with it. */
export interface Stops {
  /** In milliseconds. */
  readonly shutdown: number
  readonly signal: AbortSignal | undefined
  /** The name of its work in a report. */
  readonly work: "handlers" | "sessions"
  /** Stops reading. Called once, when `isStopping` is true. */
  readonly stop: () => void
  /** Aborts the work that has not ended within `shutdown`. */
  readonly abort: () => void
  /** Closes the sockets, when nothing is waited for any longer. */
  readonly end: () => void
}

export class Stopping {
  readonly #stops: Stops
  #running = 0
  /** Called when the last handler has ended. */
  #onIdle: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined
  #closing: Promise<StopReport> | undefined
  readonly finished: Promise<void>
  #finish: () => void = () => {}
  /** Ends the interest in the signal. */
  #ignore: () => void = () => {}

  constructor(stops: Stops) {
    this.#stops = stops
    this.finished = new Promise((resolve, reject) => {
      this.#finish = () => (this.#failure === undefined ? resolve() : reject(this.#failure.error))
    })
    // Printed already. A program that does not await it has no unhandled rejection.
    this.finished.catch(() => undefined)
    if (stops.signal !== undefined) this.#ignore = whenAborted(stops.signal, this.#abort)
  }

  /** True from the first call of `close`. */
  get isStopping(): boolean {
    return this.#closing !== undefined
  }

  /** Counts a handler that waits. */
  begin(): void {
    this.#running++
  }

  /** Counts the end of such a handler. */
  done(): void {
    this.#running--
    if (this.#running === 0) this.#onIdle?.()
  }

  /** Ends the server, because it cannot be read any more. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    print("The server stopped reading", error)
    void this.close()
  }

  readonly close = (): Promise<StopReport> => {
    if (this.#closing === undefined) {
      let settle: (report: Promise<StopReport>) => void = () => {}
      // Set before the first step, which may call `close` again.
      this.#closing = new Promise((resolve) => (settle = resolve))
      settle(this.#close())
    }
    return this.#closing
  }

  readonly #abort = (): void => void this.close()

  async #close(): Promise<StopReport> {
    const { abort, end, shutdown, stop, work } = this.#stops
    const begun = this.#running
    stop()
    this.#ignore()
    await this.#idle(shutdown)
    const late = this.#running
    if (late > 0) {
      abort()
      await this.#idle(Math.max(shutdown, leave))
      if (this.#running > 0) print(`${this.#running} ${work} of a server did not end when their signal aborted`)
      else print(`${late} ${work} of a server were aborted, because it stopped`)
    }
    try {
      end()
    } finally {
      this.#finish()
    }
    // A handler may have begun after the first step, which its own function took.
    return { finished: Math.max(0, begun - late), interrupted: late - this.#running, abandoned: this.#running }
  }

  /** Waits until no handler runs, for a number of milliseconds. */
  #idle(milliseconds: number): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = milliseconds > longestTimer ? undefined : setTimeout(() => this.#onIdle?.(), milliseconds)
      this.#onIdle = () => {
        clearTimeout(timer)
        this.#onIdle = undefined
        resolve()
      }
    })
  }
}

/** The time limit of a server's handlers. One timer waits for the oldest handler, however many are pending. */
import { type Aged, AgeList } from "@ancillary/engine/server"

/** The longest time that a timer of Node takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** The deadline of one handler. */
export class Deadline implements Aged<Deadline> {
  time = 0
  older: Deadline | undefined
  newer: Deadline | undefined
  readonly #abort = new AbortController()
  /** Called when the time is over. */
  onLate: (() => void) | undefined

  /** Aborts when the time is over, or with the server. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  abort(): void {
    this.#abort.abort()
  }
}

export class TimeLimit {
  readonly #limit: number
  readonly #pending = new AgeList<Deadline>()
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `limit` in milliseconds. */
  constructor(limit: number) {
    this.#limit = limit
  }

  begin(deadline: Deadline): void {
    this.#pending.add(deadline, performance.now())
    if (this.#timer === undefined) this.#wait()
  }

  end(deadline: Deadline): void {
    this.#pending.remove(deadline)
  }

  /** Aborts all handlers that are pending, because their server does not wait for them any longer. */
  abortAll(): void {
    for (let each = this.#pending.oldest; each !== undefined; each = each.newer) each.abort()
  }

  /** Ends the wait. Handlers that are still pending have no limit any more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  readonly #expire = (): void => {
    this.#timer = undefined
    const now = performance.now()
    for (;;) {
      const late = this.#pending.takeExpired(now, this.#limit)
      if (late === undefined) break
      late.abort()
      late.onLate?.()
    }
    this.#wait()
  }

  #wait(): void {
    const rest = this.#pending.untilExpired(performance.now(), this.#limit)
    if (rest !== undefined) this.#timer = setTimeout(this.#expire, Math.min(Math.ceil(rest), longestTimer))
  }
}

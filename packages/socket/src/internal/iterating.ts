/**
 * Async iterators over what a socket receives. A step takes one value: the rest of a batch stays in the socket, so an iterator that is left
 * early, or is never finished, loses nothing and holds nothing.
 */
import { isFault } from "@ancillary/engine/driver/Driver"
import type { DatagramReceiveError } from "@ancillary/engine/errors/DatagramError"
import {
  type Cancel,
  type Conversation,
  type Outcome,
  ReceivedDatagram,
  type SocketEvent
} from "@ancillary/engine/socket"
import { errorOf } from "../DatagramError.ts"
import { abortable, type Wait } from "./waiting.ts"

/** Takes one value, or returns the wait that is due. Returns `undefined` if the socket is closed, and throws if reading failed. */
type Take<A extends object> = () => { readonly value: A; readonly done: false } | Wait | undefined

/** Calls in a row that may only return faults and errors of earlier datagrams, before the event loop has its turn. */
const callsPerTurn = 64

const finished: IteratorResult<never, undefined> = { value: undefined, done: true }

/** An iterator that ends with its socket. Several calls of `next` may wait, and get their values in order. */
export class Steps<A extends object> implements AsyncIterableIterator<A> {
  readonly #core: Conversation
  readonly #take: Take<A>
  readonly #signal: AbortSignal | undefined
  /** Waiting calls of `next`, each with the function that ends its wait. */
  readonly #waiting = new Map<Cancel, Cancel>()
  #ended = false

  constructor(core: Conversation, take: Take<A>, signal: AbortSignal | undefined) {
    this.#core = core
    this.#take = take
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<A, undefined>> {
    if (this.#ended) return Promise.resolve(finished)
    if (this.#signal?.aborted === true) return this.#reject(this.#signal.reason)
    try {
      const taken = this.#take()
      if (typeof taken === "object" && "value" in taken) return Promise.resolve(taken)
      if (taken !== undefined) return this.#wait(taken)
      this.#end()
      return Promise.resolve(finished)
    } catch (error) {
      return this.#reject(error)
    }
  }

  /** Ends the iterator. It takes nothing with it, and calls of `next` that wait end. */
  return(): Promise<IteratorResult<A, undefined>> {
    this.#end()
    return Promise.resolve(finished)
  }

  throw(error?: unknown): Promise<IteratorResult<A, undefined>> {
    return this.#reject(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #end(): void {
    this.#ended = true
    for (const [finish, cancel] of Array.from(this.#waiting)) {
      cancel()
      finish()
    }
    this.#waiting.clear()
  }

  #reject(error: unknown): Promise<never> {
    this.#end()
    return Promise.reject(error)
  }

  #wait(first: Wait): Promise<IteratorResult<A, undefined>> {
    return new Promise((resolve, reject) => {
      const finish = () => resolve(finished)
      const fail = (error: unknown) => {
        this.#waiting.delete(finish)
        reject(error)
        this.#end()
      }
      const again = (): void => {
        try {
          const taken = this.#take()
          if (typeof taken === "object" && "value" in taken) {
            this.#waiting.delete(finish)
            resolve(taken)
          } else if (taken === undefined) this.#end()
          else wait(taken)
        } catch (error) {
          fail(error)
        }
      }
      const wait = (due: Wait): void => {
        this.#waiting.set(finish, nothing)
        const cancel = abortable(
          this.#signal,
          (f) => (typeof due === "object" ? due.begin(f) : this.#core.wait(due, f)),
          again,
          () => fail(this.#signal?.reason)
        )
        // The wait may be over already.
        if (this.#waiting.get(finish) === nothing) this.#waiting.set(finish, cancel)
      }
      wait(first)
    })
  }
}

const nothing: Cancel = () => {}

/** Takes datagrams with one call for many, as long as `isWanted` accepts them. */
const taking = <A extends object>(core: Conversation, isWanted: (outcome: Outcome) => boolean): Take<A> => {
  let found: Outcome | undefined
  let isDrained = false
  // The rest of the batch goes back to the socket, where the next step finds it.
  const first = (outcome: Outcome): boolean => {
    if (!isWanted(outcome)) return true
    found = outcome
    return false
  }
  // The engine closes untaken descriptors of a datagram when `first` returns, so a Unix socket is read one by one.
  const isUnix = core.plan.family === "unix"
  const one = (): boolean | DatagramReceiveError => {
    const outcome = core.receive()
    if (outcome === undefined) return false
    if (outcome === "again") return true
    if (isFault(outcome)) {
      if (outcome.reason === "Closed" || outcome.reason === "Other") return outcome
      core.counters.receive.passOver()
      return true
    }
    first(outcome)
    return true
  }
  return () => {
    for (let call = 0; call < callsPerTurn; call++) {
      if (core.closed) return undefined
      const due = core.due()
      if (due !== undefined) return due
      if (isDrained && !core.hasUnread) {
        // The event loop reports the next datagram, so a call that finds nothing is saved.
        isDrained = false
        return "readable"
      }
      found = undefined
      const more = core.hasUnread || isUnix ? one() : core.receiveEach(first)
      if (found !== undefined) {
        isDrained = more === false && !isUnix
        return { value: found, done: false }
      }
      if (typeof more !== "boolean") {
        if (more.reason === "Closed") return undefined
        throw errorOf(more)
      }
      if (!more) return core.due() ?? "readable"
    }
    return 0
  }
}

/** Takes valid datagrams. Faults and errors of earlier datagrams are counted and skipped. */
export const takeDatagram = (core: Conversation): Take<ReceivedDatagram> =>
  taking<ReceivedDatagram>(core, (outcome) => outcome instanceof ReceivedDatagram)

/** Takes datagrams and faults. */
export const takeOutcome = (core: Conversation): Take<Outcome> => taking<Outcome>(core, () => true)

/** Events of a socket that were taken and not yet returned by an iterator. All iterators of a socket share them. */
export class EventQueue {
  readonly #core: Conversation
  #events: Array<SocketEvent> = []
  readonly #waiting = new Set<() => void>()
  #cancel: Cancel | undefined

  constructor(core: Conversation) {
    this.#core = core
  }

  readonly take: Take<SocketEvent> = () => {
    if (this.#events.length === 0) {
      const events = this.#core.takeEvents()
      if (isFault(events)) {
        if (events.reason === "Closed") return undefined
        throw errorOf(events)
      }
      this.#events = [...events]
    }
    const event = this.#events.shift()
    if (event === undefined) return { begin: (f) => this.#wait(f) }
    // Another iterator waits, and the engine does not report events that were taken.
    if (this.#events.length > 0) queueMicrotask(this.#wakeNext)
    return { value: event, done: false }
  }

  #wait(f: () => void): Cancel {
    this.#waiting.add(f)
    this.#watch()
    return () => {
      this.#waiting.delete(f)
      if (this.#waiting.size > 0) return
      this.#cancel?.()
      this.#cancel = undefined
    }
  }

  #watch(): void {
    if (this.#cancel !== undefined || this.#waiting.size === 0) return
    let isOver = false
    const cancel = this.#core.onEvent(() => {
      isOver = true
      this.#cancel = undefined
      this.#wakeNext()
      if (this.#core.closed) while (this.#waiting.size > 0) this.#wakeNext()
      else this.#watch()
    })
    if (!isOver) this.#cancel = cancel
  }

  /** Wakes the iterator that has waited longest. */
  readonly #wakeNext = (): void => {
    for (const f of this.#waiting) {
      this.#waiting.delete(f)
      return f()
    }
  }
}

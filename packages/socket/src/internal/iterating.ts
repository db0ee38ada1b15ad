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

type Step<A> = IteratorResult<A, undefined>

/**
 * An iterator that ends with its socket. It keeps its functions, because a step that waits would make them anew each time. Only one call of
 * `next` waits for the socket; further calls wait for that one.
 */
export class Steps<A extends object> implements AsyncIterableIterator<A> {
  readonly #core: Conversation
  readonly #take: Take<A>
  readonly #signal: AbortSignal | undefined
  /** The step that waits, and the functions that settle it. */
  #waiting: Promise<Step<A>> | undefined
  #resolve: ((step: Step<A>) => void) | undefined
  #reject: ((error: unknown) => void) | undefined
  #cancel: Cancel | undefined
  /** The last of the calls that wait for the waiting one. */
  #last: Promise<Step<A>> | undefined
  #ended = false

  constructor(core: Conversation, take: Take<A>, signal: AbortSignal | undefined) {
    this.#core = core
    this.#take = take
    this.#signal = signal
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Step<A>> {
    if (this.#last !== undefined || this.#waiting !== undefined) return this.#follow()
    return this.#step()
  }

  #step(): Promise<Step<A>> {
    if (this.#ended) return Promise.resolve(finished)
    if (this.#signal?.aborted === true) return this.#fail(this.#signal.reason)
    try {
      const taken = this.#take()
      if (typeof taken === "object" && "value" in taken) return Promise.resolve(taken)
      if (taken !== undefined) return this.#wait(taken)
      this.#end()
      return Promise.resolve(finished)
    } catch (error) {
      return this.#fail(error)
    }
  }

  /** Steps after the calls before this one. */
  #follow(): Promise<Step<A>> {
    const step = () => this.#step()
    const next: Promise<Step<A>> = (this.#last ?? this.#waiting ?? Promise.resolve()).then(step, step)
    const forget = () => {
      if (this.#last === next) this.#last = undefined
    }
    this.#last = next
    next.then(forget, forget)
    return next
  }

  /** Ends the iterator. It takes nothing with it, and calls of `next` that wait end. */
  return(): Promise<Step<A>> {
    this.#end()
    return Promise.resolve(finished)
  }

  throw(error?: unknown): Promise<Step<A>> {
    return this.#fail(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #end(): void {
    this.#ended = true
    this.#cancel?.()
    this.#settle()?.(finished)
  }

  /** Ends the wait, and returns the function that resolves it. */
  #settle(): ((step: Step<A>) => void) | undefined {
    const resolve = this.#resolve
    this.#waiting = undefined
    this.#resolve = undefined
    this.#reject = undefined
    this.#cancel = undefined
    return resolve
  }

  /** Rejects the waiting step, or the one that is asked for, and ends the iterator. */
  #fail(error: unknown): Promise<never> {
    const reject = this.#reject
    if (reject !== undefined) {
      this.#settle()
      reject(error)
    }
    this.#end()
    return Promise.reject(error)
  }

  #wait(due: Wait): Promise<Step<A>> {
    const waiting = new Promise<Step<A>>(this.#capture)
    this.#waiting = waiting
    this.#begin(due)
    return waiting
  }

  readonly #capture = (resolve: (step: Step<A>) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve
    this.#reject = reject
  }

  #begin(due: Wait): void {
    const cancel =
      this.#signal === undefined && typeof due !== "object"
        ? this.#core.wait(due, this.#again)
        : abortable(
            this.#signal,
            (f) => (typeof due === "object" ? due.begin(f) : this.#core.wait(due, f)),
            this.#again,
            this.#aborted
          )
    // The wait may be over already.
    if (this.#resolve !== undefined && this.#cancel === undefined) this.#cancel = cancel
  }

  readonly #aborted = (): void => {
    this.#fail(this.#signal?.reason).catch(() => undefined)
  }

  readonly #again = (): void => {
    this.#cancel = undefined
    if (this.#resolve === undefined) return
    try {
      const taken = this.#take()
      if (typeof taken === "object" && "value" in taken) this.#settle()?.(taken)
      else if (taken === undefined) this.#end()
      else this.#begin(taken)
    } catch (error) {
      this.#fail(error).catch(() => undefined)
    }
  }
}

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

/**
 * The wait of a reader, as the operation on which Effect parks a fiber. `Effect.async` with a canceler makes seven operations and a dozen objects
 * for each wait. A reader waits for every wake-up of the event loop, so it uses one object again and again.
 */
import { receiveClosed } from "@ancillary/engine/errors/DatagramError"
import type { Conversation, ReceiveWait } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type * as Fiber from "effect/Fiber"
import { FiberId } from "../requires effect 3 - run npm install effect@3 - or install @ancillary/effect beside effect 4.ts"
import { type DatagramReceiveError, fail } from "../DatagramError.ts"
import { readable, waitFor } from "./waiting.ts"

/** Continues a parked fiber with an effect. Later calls do nothing. */
type Resume = (effect: Effect.Effect<unknown, unknown>) => void

/** The part of a fiber of Effect 3 that a wait uses: its function for the operation, and the function that an interruption calls. */
interface Parking {
  readonly Async: unknown
  _asyncInterruptor: unknown
}

/** True if a fiber parks as those of Effect 3 do. Otherwise a reader waits by `Effect.async`. */
const parks = (fiber: object): fiber is Parking => "Async" in fiber && "_asyncInterruptor" in fiber

/** Parks the fiber of one reader until there may be something to read. Then the fiber continues with the effect that was given. */
class Parked<A, E> extends Effectable.Class<A, E | DatagramReceiveError> {
  // The names that the fiber reads: the operation, the function that it calls, and the fibers that it waits for.
  readonly _op = "Async"
  readonly effect_instruction_i0 = (resume: Resume): void => this.#park(resume)
  readonly effect_instruction_i1 = FiberId.none

  readonly #core: Conversation
  readonly #next: Effect.Effect<A, E>
  readonly #free: (parked: Parked<A, E>) => void
  #fiber: Parking | undefined
  #resume: Resume | undefined

  /** `free` is called when the wait is over, so that the next wait uses the same object. */
  constructor(core: Conversation, next: Effect.Effect<A, E>, free: (parked: Parked<A, E>) => void) {
    super()
    this.#core = core
    this.#next = next
    this.#free = free
  }

  /** Prepares a wait of this fiber, which performs the returned operation. */
  of(fiber: Parking): this {
    this.#fiber = fiber
    return this
  }

  /** Not performed, because of the name of the operation. */
  commit(): Effect.Effect<A, E | DatagramReceiveError> {
    return Effect.zipRight(readable(this.#core), this.#next)
  }

  #park(resume: Resume): void {
    const core = this.#core
    const fiber = this.#fiber
    this.#resume = resume
    // The event loop does not report unread datagrams.
    if (core.closed || core.hasUnread) return this.#end(core.closed)
    // The fiber has set it if it may be interrupted.
    if (fiber?._asyncInterruptor === resume) fiber._asyncInterruptor = this.#interrupt
    core.waiters.read(this.#wake)
    core.watch()
  }

  readonly #wake = (closed: boolean): void => {
    this.#core.counters.receive.beginTurn()
    this.#end(closed)
  }

  readonly #interrupt: Resume = (interruption) => {
    this.#core.waiters.leave(this.#wake)
    this.#continue(interruption)
  }

  #end(closed: boolean): void {
    this.#continue(closed ? fail(receiveClosed()) : this.#next)
  }

  #continue(effect: Effect.Effect<unknown, unknown>): void {
    const resume = this.#resume
    this.#fiber = undefined
    this.#resume = undefined
    this.#free(this)
    resume?.(effect)
  }
}

/** Makes the waits of a reader, or of the readers that share an effect. After a wait they continue with `next`. */
export const parking = <A, E>(
  core: Conversation,
  next: () => Effect.Effect<A, E>
): ((
  reader: Fiber.RuntimeFiber<unknown, unknown>,
  due?: ReceiveWait
) => Effect.Effect<A, E | DatagramReceiveError>) => {
  /** A wait that no fiber uses. Readers that wait at the same time have one each. */
  let spare: Parked<A, E> | undefined
  const free = (parked: Parked<A, E>) => {
    spare = parked
  }
  return (reader, due = "readable") => {
    if (due !== "readable" || !parks(reader)) return Effect.zipRight(waitFor(core, due), next())
    const parked = spare ?? new Parked(core, next(), free)
    spare = undefined
    return parked.of(reader)
  }
}

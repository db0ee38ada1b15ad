/**
 * Handlers that are generators, as `Effect.gen` makes them. A server steps such a handler itself while it only sends on the server's socket.
 * A handler that only answers then needs no fiber, and its replies leave with those of the batch.
 */
import type { Conversation } from "@ancillary/engine/socket"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { heard, listen, type Sending } from "./sending.ts"

type Generator<E, R> = Iterator<Effect.Effect<unknown, E, R>, unknown, unknown>

/** The operation that calls a function for the next one, and the operation of a generator, with the names that a fiber of Effect 4 reads. */
interface Suspended {
  readonly "~effect/Effect/args": () => unknown
}
interface Iterated<E, R> {
  readonly iterator: Generator<E, R>
}
const identifier = "~effect/Effect/identifier"
const argument = "~effect/Effect/args"

const isSuspended = (effect: object): effect is Suspended =>
  identifier in effect &&
  effect[identifier] === "Suspend" &&
  argument in effect &&
  typeof effect[argument] === "function"

const isIterated = <E, R>(effect: unknown): effect is Iterated<E, R> =>
  Effect.isEffect(effect) &&
  identifier in effect &&
  effect[identifier] === "Iterator" &&
  "iterator" in effect &&
  typeof effect.iterator === "object"

/** Sends that a handler may make before it gets a fiber, which lets other programs run. */
const mostSends = 64

/** Continues a generator in a fiber: after an effect that it yielded, until it ends. */
const continued = Effect.fnUntraced(function* <E, R>(
  first: Effect.Effect<unknown, E, R>,
  generator: Generator<E, R>
): Effect.fn.Return<void, E, R> {
  let effect = first
  for (;;) {
    const { done, value } = generator.next(yield* effect)
    if (done === true) return
    effect = value
  }
})

/** A handler that is stepped. */
export class Generated<E, R> {
  readonly #core: Conversation
  readonly #generator: Generator<E, R>
  #sends = 0

  private constructor(core: Conversation, generator: Generator<E, R>) {
    this.#core = core
    this.#generator = generator
  }

  /** Evaluates an effect as far as a fiber would before its first operation. Returns its generator, or the effect that it stands for. */
  static of<E, R>(core: Conversation, effect: Effect.Effect<void, E, R>): Generated<E, R> | Effect.Effect<void, E, R> {
    if (!isSuspended(effect)) return effect
    const { [argument]: begin } = effect
    const evaluated = begin()
    return isIterated<E, R>(evaluated)
      ? new Generated(core, evaluated.iterator)
      : (evaluated as Effect.Effect<void, E, R>)
  }

  /** Runs until the next effect. Returns a send on the socket, or any other effect with the rest of the handler, or `undefined` at its end. */
  next(): Sending | Effect.Effect<void, E, R> | undefined {
    let effect: Effect.Effect<unknown, E, R> | undefined
    let sending: Sending | undefined
    let value: unknown
    listen()
    try {
      for (;;) {
        const step = this.#generator.next(value)
        if (step.done === true) return undefined
        effect = step.value
        if (!Exit.isExit(effect) || Exit.isFailure(effect)) break
        value = effect.value
      }
    } catch (thrown) {
      return Effect.die(thrown)
    } finally {
      sending = heard(this.#core, effect)
    }
    return sending !== undefined && this.#sends++ < mostSends ? sending : this.after(effect)
  }

  /** The rest of the handler after an effect. */
  after(effect: Effect.Effect<unknown, E, R>): Effect.Effect<void, E, R> {
    return continued(effect, this.#generator)
  }
}

/** What a handler returns is an effect, or a defect that says what it is instead. */
import { Codec } from "@ancillary/control"
import { Effect } from "effect"

/** Calls a handler. What it throws, and what is no effect, is a defect of its datagram. */
export const handled = <A, E, R>(handler: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let returned: unknown
    try {
      returned = handler()
    } catch (thrown) {
      // Caught here and not by the fiber, which is ended by an object whose traps throw.
      return Effect.die(thrown)
    }
    if (isEffect<A, E, R>(returned)) return returned
    return Effect.dieMessage(
      `A handler returned ${textOf(returned)}, which is not an effect. Return an effect: Effect.promise runs a promise, Effect.sync a function.`
    )
  })

const isEffect = <A, E, R>(value: unknown): value is Effect.Effect<A, E, R> => {
  try {
    return Effect.isEffect(value) && typeof Reflect.get(value, "_op") === "string"
  } catch {
    return false
  }
}

const textOf = (value: unknown): string => {
  if (!(value instanceof Promise)) return Codec.format(value)
  // It was dropped, and its rejection would end the process.
  value.catch(() => undefined)
  return "a promise"
}

/** Runs handlers. A handler must return an effect; any other result is a defect that describes it. */
import { Codec } from "@ancillary/control"
import * as Effect from "effect/Effect"

/** Calls a handler. An exception, or a result that is not an effect, is a defect of its datagram. */
export const handled = <A, E, R>(handler: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    let returned: unknown
    try {
      returned = handler()
    } catch (thrown) {
      // Caught here and not by the fiber, because an object whose traps throw would end the fiber.
      return Effect.die(thrown)
    }
    if (isEffect<A, E, R>(returned)) return returned
    return Effect.die(
      new TypeError(
        `A handler returned ${textOf(returned)}, which is not an effect. Return an effect: Effect.promise runs a promise, Effect.sync a function.`
      )
    )
  })

/** True for an effect, also if the value is an object whose traps throw. */
export const isEffect = <A, E, R>(value: unknown): value is Effect.Effect<A, E, R> => {
  try {
    return Effect.isEffect(value) && typeof Reflect.get(value, "~effect/Effect/evaluate") === "function"
  } catch {
    return false
  }
}

const textOf = (value: unknown): string => {
  if (!(value instanceof Promise)) return Codec.format(value)
  // The promise is dropped, and its rejection would end the process.
  value.catch(() => undefined)
  return "a promise"
}

/** The sleeps of a `TestClock`. Effect 4 does not list them, so the clock's `sleep` is replaced by one that records each. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleep {
  /** Milliseconds of the clock. */
  readonly end: number
}

const recorded = new WeakMap<Clock.Clock, Set<Sleep>>()

/** Records the sleeps of a clock from now on. */
export const record = (clock: Clock.Clock): ReadonlySet<Sleep> => {
  const known = recorded.get(clock)
  if (known !== undefined) return known
  const sleeps = new Set<Sleep>()
  recorded.set(clock, sleeps)
  const sleep = clock.sleep.bind(clock)
  const value: Clock.Clock["sleep"] = (duration) =>
    Effect.suspend(() => {
      const own = { end: clock.currentTimeMillisUnsafe() + Duration.toMillis(duration) }
      sleeps.add(own)
      return Effect.ensuring(
        sleep(duration),
        Effect.sync(() => void sleeps.delete(own))
      )
    })
  Object.defineProperty(clock, "sleep", { value })
  return sleeps
}

/** Time limits of promises, by the monotonic clock of timers. */

/** The longest time that a timer of Node can have, in milliseconds. */
const longest = 2 ** 31 - 1

/** The limit was reached first. */
export const late: unique symbol = Symbol("late")

/** Calls a function after a number of milliseconds, never after `Infinity`. Returns a function that cancels it. */
export const after = (milliseconds: number, call: () => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined
  let rest = milliseconds
  const wait = () => {
    if (rest <= 0) return call()
    const step = Math.min(rest, longest)
    rest -= step
    timer = setTimeout(wait, step)
  }
  if (milliseconds !== Infinity) wait()
  return () => clearTimeout(timer)
}

/**
 * Returns the result of a promise, or `late` after a number of milliseconds. `Infinity` has no limit. The promise keeps each call until it settles,
 * so one that stays pending is not for a loop.
 */
export const within = <A>(promise: Promise<A>, milliseconds: number): Promise<A | typeof late> =>
  new Promise((resolve, reject) => {
    const cancel = after(milliseconds, () => resolve(late))
    promise.then(resolve, reject).finally(cancel)
  })

/** Formats a number of milliseconds: `2s`, `1s 500ms`. */
export const formatTime = (milliseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000)
  const rest = milliseconds % 1000
  const parts = [seconds > 0 ? `${seconds}s` : "", rest > 0 || seconds === 0 ? `${rest}ms` : ""]
  return parts.filter((part) => part !== "").join(" ")
}

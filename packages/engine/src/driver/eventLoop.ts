/** Pauses that let the event loop run its timers and other sockets. They use real time, whatever clock a program's effects have. */

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const setTimeout: (task: () => void, milliseconds: number) => unknown
declare const clearTimeout: (timer: unknown) => void
/** Only in Node and Bun. It runs after the loop has polled every descriptor, without a timer's millisecond. */
declare const setImmediate: ((task: () => void) => unknown) | undefined
declare const clearImmediate: (immediate: unknown) => void

/**
 * Calls `task` after this number of milliseconds, or with the next turn of the event loop if it is 0. Returns the function that cancels it.
 */
export const later = (milliseconds: number, task: () => void): (() => void) => {
  if (milliseconds === 0 && typeof setImmediate === "function") {
    const immediate = setImmediate(task)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(task, milliseconds)
  return () => clearTimeout(timer)
}

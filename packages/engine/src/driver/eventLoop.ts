/** A pause that lets the event loop run: its timers, its other sockets. Real time, whatever clock a program's effects have. */

/** In every host of JavaScript, and in the types of none that this package compiles with. */
declare const setTimeout: (task: () => void, milliseconds: number) => unknown
declare const clearTimeout: (timer: unknown) => void
/** Node and Bun only: after the loop has looked at every descriptor, without a timer's millisecond. */
declare const setImmediate: ((task: () => void) => unknown) | undefined
declare const clearImmediate: (immediate: unknown) => void

/** Calls back after so many milliseconds; 0: with the next turn of the event loop. Returns what takes it back. */
export const later = (milliseconds: number, task: () => void): (() => void) => {
  if (milliseconds === 0 && typeof setImmediate === "function") {
    const immediate = setImmediate(task)
    return () => clearImmediate(immediate)
  }
  const timer = setTimeout(task, milliseconds)
  return () => clearTimeout(timer)
}

/** Reports of a server to the console, and calls of functions that the program gave for them. */

/** Prints a line. A program may have replaced the console. */
export const print = (...line: ReadonlyArray<unknown>): void => quietly(() => console.error(...line))

/** Calls a function of the program, and ignores its exception. */
export const quietly = (f: () => void): void => {
  try {
    f()
  } catch {
    // A logger may throw.
  }
}

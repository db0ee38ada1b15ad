/** Reports of a server to the console, and calls of functions that the program gave for them. */

import { ignoreRejection } from "@ancillary/engine/server"

/** Prints a line. A program may have replaced the console. */
export const print = (...line: ReadonlyArray<unknown>): void => quietly(() => console.error(...line))

/** Calls a function of the program, and ignores its exception, or the rejection of its promise. */
export const quietly = (f: () => unknown): void => {
  try {
    ignoreRejection(f())
  } catch {
    // A logger may throw.
  }
}

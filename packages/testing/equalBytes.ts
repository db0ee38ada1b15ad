/** Teaches `toEqual` to compare byte arrays of one class as a whole. A module of its own, so that each process loads it once. */
import { expect } from "vitest"

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

expect.addEqualityTesters([
  // Anything else is left to the runner, and so are arrays of two classes.
  (a, b) => (isBytes(a) && isBytes(b) && a.constructor === b.constructor ? Buffer.compare(a, b) === 0 : undefined)
])

/**
 * Teaches `toEqual` to compare byte arrays of one class as a whole. It is not the setup file itself, which vitest loads again for each file: a
 * process loads this module once.
 */
import { expect } from "vitest"

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

/** Compares two byte arrays. `undefined` leaves the comparison to the runner: of anything else, and of arrays of two classes. */
export const areEqualBytes = (a: unknown, b: unknown): boolean | undefined =>
  isBytes(a) && isBytes(b) && a.constructor === b.constructor ? Buffer.compare(a, b) === 0 : undefined

expect.addEqualityTesters([areEqualBytes])

/** Checks numbers that a program gives, and formats them in errors. */

/**
 * Returns true if a value is an integer within bounds. `NaN`, fractions and strings are not.
 *
 * @category guards
 * @since 0.1.0
 */
export const isInteger = (value: unknown, minimum: number, maximum: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum

/**
 * Formats a value for an error message.
 *
 * @category errors
 * @since 0.1.0
 */
export const format = (value: unknown): string => {
  if (typeof value === "string") return `'${value}'`
  try {
    return String(value)
  } catch {
    return "an object without a text"
  }
}

/**
 * Returns the number if it is an integer within bounds. Otherwise throws a `RangeError`, because bytes and sizes cannot
 * be computed from it.
 */
export const within = (what: string, value: number, minimum: number, maximum: number): number => {
  if (isInteger(value, minimum, maximum)) return value
  throw new RangeError(`${what} of ${format(value)}: give an integer from ${minimum} to ${maximum}.`)
}

/**
 * Returns the offset if it is valid. A `DataView` reads at 0 for `NaN`, and at 1 for 1.5. It is one comparison, because
 * every read of a field calls it.
 */
export const offsetOf = (at: number): number =>
  typeof at === "number" && at >>> 0 === at ? at : within("An offset", at, 0, 0xffffffff)

/** Returns the low 32 bits of a number that is an `int` or an `unsigned int` in C. */
export const word = (what: string, value: number): number =>
  (typeof value === "number" && value >>> 0 === value ? value : within(what, value, -0x80000000, 0xffffffff)) >>> 0

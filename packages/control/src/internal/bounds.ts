/**
 * Numbers that a program gives: which are refused, and how a refusal shows them.
 */

/**
 * Whether a value is an integer within bounds; `NaN`, fractions and texts are not.
 *
 * @category guards
 * @since 0.1.0
 */
export const isInteger = (value: unknown, minimum: number, maximum: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum

/**
 * A value as an error message shows it.
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

/** The number, if it is an integer within bounds. Throws a `RangeError` otherwise, because no bytes and no size follow from another one. */
export const within = (what: string, value: number, minimum: number, maximum: number): number => {
  if (isInteger(value, minimum, maximum)) return value
  throw new RangeError(`${what} of ${format(value)}: give an integer from ${minimum} to ${maximum}.`)
}

/** The offset, if there can be one. A `DataView` reads at 0 for `NaN`, and at 1 for 1.5. Every read of a field asks: one comparison. */
export const offsetOf = (at: number): number =>
  typeof at === "number" && at >>> 0 === at ? at : within("An offset", at, 0, 0xffffffff)

/** The low 32 bits of a number that C has as an `int` or an `unsigned int`. */
export const word = (what: string, value: number): number =>
  (typeof value === "number" && value >>> 0 === value ? value : within(what, value, -0x80000000, 0xffffffff)) >>> 0

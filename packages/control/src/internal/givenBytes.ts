/** Whether a value is a `Uint8Array`, and not only an object that inherits from it. */
export const isBytes = (given: unknown): given is Uint8Array => ArrayBuffer.isView(given) && given instanceof Uint8Array

/**
 * A copy of the bytes that a program gives, or nothing if they are none: a text, an array, a view that was transferred away, an object that only
 * inherits from `Uint8Array`. A subclass does not decide how many bytes it has.
 */
export const copyOf = (given: unknown): Uint8Array | undefined => {
  if (!isBytes(given)) return undefined
  try {
    return new Uint8Array(given)
  } catch {
    // Detached.
    return undefined
  }
}

/** Returns true for a `Uint8Array`, and false for an object that only inherits from it. */
export const isBytes = (given: unknown): given is Uint8Array => ArrayBuffer.isView(given) && given instanceof Uint8Array

/**
 * Copies the bytes that a program gives, or returns `undefined` if they are not bytes. A string, an array, a detached
 * view, and an object that only inherits from `Uint8Array` are not bytes. A subclass cannot change the number of bytes.
 */
export const copyOf = (given: unknown): Uint8Array | undefined => {
  if (!isBytes(given)) return undefined
  try {
    return new Uint8Array(given)
  } catch {
    // The view is detached.
    return undefined
  }
}

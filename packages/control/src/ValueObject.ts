const equal3: unique symbol = Symbol.for("effect/Equal")
const hash3: unique symbol = Symbol.for("effect/Hash")
const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/**
 * Base class with structural equality: two objects are equal if their contents are equal. `Equal.equals` and `HashMap`
 * of Effect 3 and 4 find the methods by their own keys. The keys are written here because this package depends on
 * neither version.
 *
 * @category models
 * @since 0.1.0
 */
export abstract class ValueObject {
  abstract equals(that: unknown): boolean
  /** Returns a 32-bit integer that is equal for equal values. */
  abstract hash(): number
  abstract toString(): string

  toJSON(): string {
    return this.toString()
  }
  [inspect](): string {
    return this.toString()
  }
  [equal3](that: unknown): boolean {
    return this.equals(that)
  }
  [hash3](): number {
    return this.hash()
  }
  "~effect/Equal"(that: unknown): boolean {
    return this.equals(that)
  }
  "~effect/Hash"(): number {
    return this.hash()
  }
}

/**
 * Spreads the bits of a number so that neighbours do not share a bucket (the finaliser of MurmurHash3).
 *
 * @category hashing
 * @since 0.1.0
 */
export const mix = (value: number): number => {
  let hash = value ^ (value >>> 16)
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) | 0
}

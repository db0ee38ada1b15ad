const equal3: unique symbol = Symbol.for("effect/Equal")
const hash3: unique symbol = Symbol.for("effect/Hash")
const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom")

/**
 * What is equal when it holds the same, whoever compares: `Equal.equals` and `HashMap` of Effect 3 and of Effect 4 find the methods under the
 * keys they look for, which are written out here because this package depends on neither.
 *
 * @category models
 * @since 0.1.0
 */
export abstract class ValueObject {
  abstract equals(that: unknown): boolean
  /** A 32-bit integer, the same for equal values. */
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

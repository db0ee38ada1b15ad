import { isInteger, offsetOf, format, within } from "./internal/bounds.ts"

import { isBytes } from "./internal/givenBytes.ts"

export { isInteger, format } from "./internal/bounds.ts"

/**
 * Reason and offset of bytes that violate their format. It is a returned value, never an exception.
 *
 * @category models
 * @since 0.1.0
 */
export interface Malformed {
  readonly malformed: string
  readonly offset: number
}

/**
 * Returns true if a result is `Malformed` and not a value.
 *
 * @category guards
 * @since 0.1.0
 */
export const isMalformed = (value: unknown): value is Malformed =>
  typeof value === "object" && value !== null && "malformed" in value

/**
 * Reads and writes a payload at an offset of a `DataView`, and allocates only the value.
 *
 * **Details**
 *
 * `size` is in bytes. It is fixed, or a maximum that a declaration may lower, and `minimum` is the least of one
 * message. `read` gets the length of the header, and returns a value or a `Malformed`. A fixed size was already
 * checked. `write` returns the number of bytes that it wrote. `validate` returns, before the send, the reason why a
 * value cannot be sent.
 *
 * The codecs of this module throw a `RangeError` for an offset that is not an integer of 0 or more. They also throw it
 * if the value to write does not pass `validate`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Codec<A> {
  readonly size: number | { readonly maximum: number; readonly minimum?: number | undefined }
  readonly read: (view: DataView, offset: number, length: number) => A | Malformed
  readonly write: (view: DataView, offset: number, value: A) => number
  readonly validate?: ((value: A) => string | undefined) | undefined
}

/**
 * A signed 32-bit integer in host byte order, the C `int` of most socket options.
 *
 * @category codecs
 * @since 0.1.0
 */
export const int32: Codec<number> = {
  size: 4,
  read: (view, offset) => view.getInt32(offsetOf(offset), true),
  write: (view, offset, value) => {
    view.setInt32(offsetOf(offset), within("A value", value, -0x80000000, 0x7fffffff), true)
    return 4
  },
  validate: (value) =>
    isInteger(value, -0x80000000, 0x7fffffff)
      ? undefined
      : `${format(value)} is not an integer from -2147483648 to 2147483647`
}

/**
 * An unsigned 32-bit integer in host byte order.
 *
 * @category codecs
 * @since 0.1.0
 */
export const uint32: Codec<number> = {
  size: 4,
  read: (view, offset) => view.getUint32(offsetOf(offset), true),
  write: (view, offset, value) => {
    view.setUint32(offsetOf(offset), within("A value", value, 0, 0xffffffff), true)
    return 4
  },
  validate: (value) =>
    isInteger(value, 0, 0xffffffff) ? undefined : `${format(value)} is not an integer from 0 to 4294967295`
}

/**
 * An unsigned 16-bit integer in host byte order.
 *
 * @category codecs
 * @since 0.1.0
 */
export const uint16: Codec<number> = {
  size: 2,
  read: (view, offset) => view.getUint16(offsetOf(offset), true),
  write: (view, offset, value) => {
    view.setUint16(offsetOf(offset), within("A value", value, 0, 0xffff), true)
    return 2
  },
  validate: (value) => (isInteger(value, 0, 0xffff) ? undefined : `${format(value)} is not an integer from 0 to 65535`)
}

/**
 * An unsigned 64-bit integer in host byte order, as a `bigint`.
 *
 * @category codecs
 * @since 0.1.0
 */
export const uint64: Codec<bigint> = {
  size: 8,
  read: (view, offset) => view.getBigUint64(offsetOf(offset), true),
  write: (view, offset, value) => {
    const why = validateUint64(value)
    if (why !== undefined) throw new RangeError(`${why}: give one.`)
    view.setBigUint64(offsetOf(offset), value, true)
    return 8
  },
  validate: (value: unknown) => validateUint64(value)
}

const validateUint64 = (value: unknown): string | undefined =>
  typeof value === "bigint" && value >= 0n && value <= 0xffff_ffff_ffff_ffffn
    ? undefined
    : `${format(value)} is not a bigint from 0 to 18446744073709551615`

/**
 * One unsigned byte.
 *
 * @category codecs
 * @since 0.1.0
 */
export const uint8: Codec<number> = {
  size: 1,
  read: (view, offset) => view.getUint8(offsetOf(offset)),
  write: (view, offset, value) => {
    view.setUint8(offsetOf(offset), within("A value", value, 0, 255))
    return 1
  },
  validate: (value) => (isInteger(value, 0, 255) ? undefined : `${format(value)} is not an integer from 0 to 255`)
}

/**
 * A copy of the payload's bytes, at most `maximum` of them. `minimum` and `maximum` are 0 to 65535. Any other number
 * throws a `RangeError`.
 *
 * @category codecs
 * @since 0.1.0
 */
export const bytes = (size: { readonly maximum: number; readonly minimum?: number | undefined }): Codec<Uint8Array> => {
  const maximum = within("A maximum", size.maximum, 0, 0xffff)
  const minimum = size.minimum === undefined ? 0 : within("A minimum", size.minimum, 0, maximum)
  const validate = (value: unknown): string | undefined => {
    // A value that only resembles bytes (a string, an array) would be written as other bytes.
    if (!isBytes(value)) return `${format(value)} is not a Uint8Array`
    if (value.length > maximum) return `${value.length} bytes are more than the ${maximum} that were declared`
    return value.length < minimum ? `${value.length} bytes are less than the ${minimum} that were declared` : undefined
  }
  return {
    size,
    read: (view, offset, length) => {
      within("An offset", offset, 0, view.byteLength)
      within("A length", length, 0, view.byteLength - offset)
      return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice()
    },
    write: (view, offset, value) => {
      const why = validate(value)
      if (why !== undefined) throw new RangeError(`${why}: give a Uint8Array of ${minimum} to ${maximum} bytes.`)
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(value, offsetOf(offset))
      return value.length
    },
    validate: validate
  }
}

/**
 * Converts the value of a codec to another type.
 *
 * @category combinators
 * @since 0.1.0
 */
export const transform = <A, B>(
  codec: Codec<A>,
  options: {
    readonly read: (value: A) => B | { readonly malformed: string }
    readonly write: (value: B) => A
    readonly validate?: ((value: B) => string | undefined) | undefined
  }
): Codec<B> => ({
  size: codec.size,
  read: (view, offset, length) => {
    const raw = codec.read(view, offset, length)
    if (isMalformed(raw)) return raw
    const value = options.read(raw)
    return typeof value === "object" && value !== null && "malformed" in value
      ? { malformed: value.malformed, offset }
      : value
  },
  write: (view, offset, value) => codec.write(view, offset, options.write(value)),
  validate: (value) => options.validate?.(value) ?? codec.validate?.(options.write(value))
})

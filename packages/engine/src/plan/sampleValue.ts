/** Finds a value that a message can be sent with, from its definition only. It is for code that tries messages on a system. */
import { type ReceiveFormat, Codec, type SendFormat, isUnsupported, type Row } from "@ancillary/control"

/**
 * Payloads that many messages can decode: small numbers in either byte order, an IPv6 header with only padding, and a route to this host.
 * The route is a routing header of type 2 to ::1.
 */
const payloads = [
  [1, 0, 0, 0],
  [4, 0, 0, 0],
  [0, 0, 0, 1],
  [0, 0, 1, 4, 0, 0, 0, 0],
  [0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
]

/** Values for messages that are never received. */
const others: ReadonlyArray<unknown> = [1, 1n, true, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0), {}, []]

/**
 * Returns the first value other than `usual` that the message accepts. Decoded sample payloads are tried first, then values of every type.
 *
 * @category plans
 * @since 0.1.0
 */
export const tryable = (
  { receive, send }: Row<unknown, never>,
  usual: unknown
): { readonly value: unknown } | undefined => {
  if (send === undefined || isUnsupported(send)) return undefined
  const arrivals = receive === undefined || isUnsupported(receive) ? [] : receive
  const arriving = arrivals.flatMap(({ payload }) => payloads.map((bytes) => reading(payload, bytes)))
  const value = [...arriving, ...others].find(
    (one) => one !== undefined && !Codec.isMalformed(one) && !same(one, usual) && takes(send, one)
  )
  return value === undefined ? undefined : { value }
}

/**
 * True if two values are equal. Numbers, addresses and bytes are compared by value, records by their fields.
 *
 * @category plans
 * @since 0.1.0
 */
export const same = (one: unknown, other: unknown): boolean => text(one) === text(other)

const text = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part))

const reading = ({ read, size }: ReceiveFormat<unknown>["payload"], bytes: ReadonlyArray<number>): unknown => {
  const length = typeof size === "number" ? size : Math.min(Math.max(bytes.length, size.minimum ?? 0), size.maximum)
  const padded = new Uint8Array(length)
  padded.set(bytes.slice(0, length))
  return read(new DataView(padded.buffer), 0, length)
}

/** Only the definition knows the type of its values. A value of another type is refused, or its encoding fails. */
const takes = ({ payload }: SendFormat<never>, value: unknown): boolean => {
  const { size, validate, write } = payload as Pick<Codec.Codec<unknown>, "size" | "validate" | "write">
  try {
    if (validate?.(value) !== undefined) return false
    write(new DataView(new ArrayBuffer(typeof size === "number" ? size : size.maximum)), 0, value)
    return true
  } catch {
    return false
  }
}

/** A value that a message can be sent with, for whoever tries what a system does with it and knows only its definition. */
import { type ReceiveFormat, Codec, type SendFormat, isUnsupported, type Row } from "@ancillary/control"

/**
 * Payloads that many messages can be read from: small numbers of either byte order, an IPv6 header that holds nothing but padding, and one that
 * leads home (a routing header of type 2 to ::1).
 */
const payloads = [
  [1, 0, 0, 0],
  [4, 0, 0, 0],
  [0, 0, 0, 1],
  [0, 0, 1, 4, 0, 0, 0, 0],
  [0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
]

/** What messages take that never arrive. */
const others: ReadonlyArray<unknown> = [1, 1n, true, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0), {}, []]

/**
 * The first value that the message itself does not refuse, other than `usual`: those that it would read on arrival, then some of every kind.
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
 * Whether two values say the same: numbers, addresses and bytes by what they are, records by their fields.
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

/** The types of a departure's value are known to its definition alone: a value of another kind is refused, or cannot be written. */
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

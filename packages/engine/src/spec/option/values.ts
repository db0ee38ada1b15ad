/**
 * Codecs for option values: switches, integers, interface indexes, and words that stand for numbers.
 *
 * @since 0.1.0
 */
import { type Unsupported, Codec } from "@ancillary/control"
import type { Row } from "./definition.ts"

/**
 * A switch: a C `int` (`BOOL` on Winsock), or one byte if `bytes` is 1. A read accepts either size; every value except 0 is on.
 *
 * @category codecs
 * @since 0.1.0
 */
export const flag = (bytes: 1 | 4 = 4): Codec.Codec<boolean> => ({
  size: { minimum: 1, maximum: 4 },
  read: (view, at, length) => integerAt(view, at, length) !== 0,
  write: (view, at, value) => {
    view.setUint8(at, value ? 1 : 0)
    return bytes
  },
  validate: (value) => (typeof value === "boolean" ? undefined : `${Codec.format(value)} is neither true nor false`)
})

/**
 * An integer within limits: a C `int`, or one byte if `bytes` is 1. `what` begins the error for an invalid value, for example `a hop
 * limit`.
 *
 * @category codecs
 * @since 0.1.0
 */
export const integer = (what: string, minimum: number, maximum: number, bytes: 1 | 4 = 4): Codec.Codec<number> => ({
  size: { minimum: 1, maximum: 4 },
  read: integerAt,
  write: (view, at, value) => {
    if (bytes === 1) view.setUint8(at, value)
    else view.setInt32(at, value, true)
    return bytes
  },
  validate: (value) =>
    Codec.isInteger(value, minimum, maximum)
      ? undefined
      : `${Codec.format(value)} is not ${what}: an integer from ${minimum} to ${maximum}`
})

const integerAt = (view: DataView, at: number, length: number): number =>
  length < 4 ? view.getUint8(at) : view.getInt32(at, true)

/**
 * An interface index, 1 or larger. With `undefined` the system chooses by its routing table.
 *
 * @category codecs
 * @since 0.1.0
 */
export const interfaceIndex = (order: "host" | "network"): Codec.Codec<number | undefined> => ({
  size: 4,
  read: (view, at) => {
    const index = view.getUint32(at, order === "host")
    return index === 0 ? undefined : index
  },
  write: (view, at, value) => {
    view.setUint32(at, value ?? 0, order === "host")
    return 4
  },
  validate: validateIndex
})

/**
 * Returns the reason why a value is not an interface index, or `undefined`.
 *
 * @category validation
 * @since 0.1.0
 */
export const validateIndex = (value: unknown): string | undefined =>
  value === undefined || Codec.isInteger(value, 1, 0x7fffffff)
    ? undefined
    : `${Codec.format(value)} is not the index of an interface: an integer from 1`

/**
 * Words that stand for numbers: the complete table of a platform. An absence in it has the reason why the platform lacks a word.
 *
 * @category codecs
 * @since 0.1.0
 */
export const enumeration = <A extends string>(numbers: {
  readonly [W in A]: number | Unsupported
}): Pick<Row<A>, "codec" | "unsupportedValue"> => {
  const isWord = (word: string): word is A => Object.hasOwn(numbers, word)
  const known = Object.keys(numbers).filter(isWord)
  const entry = (word: A): number | Unsupported => numbers[word]
  return {
    unsupportedValue: (word) => {
      const found = entry(word)
      return typeof found === "number" ? undefined : found.unsupported
    },
    codec: {
      size: 4,
      read: (view, at) => {
        const number = view.getInt32(at, true)
        return (
          known.find((word) => entry(word) === number) ?? {
            malformed: `${number} is not one of ${known.join(", ")}`,
            offset: at
          }
        )
      },
      write: (view, at, word) => {
        const found = entry(word)
        view.setInt32(at, typeof found === "number" ? found : 0, true)
        return 4
      },
      validate: (word) =>
        isWord(word) ? undefined : `${Codec.format(word)} is not one of ${known.map((each) => `"${each}"`).join(", ")}`
    }
  }
}

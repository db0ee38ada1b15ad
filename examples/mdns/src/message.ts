/** Messages of multicast DNS (RFC 6762, in the format of RFC 1035 section 4). Nothing of it knows a socket. */

/** Types of records. RFC 1035, RFC 3596, RFC 2782. */
export const type = { A: 1, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, ANY: 255 } as const

export interface Question {
  /** Labels with dots between them. A dot or a backslash inside a label is escaped with a backslash. */
  readonly name: string
  readonly type: number
  /** True if the peer asks for a unicast answer. */
  readonly unicast: boolean
}

export interface Record {
  readonly name: string
  readonly type: number
  /** Seconds that the record may be kept. */
  readonly ttl: number
  /** True if no other host has records of this name and type, so that this one replaces older ones. */
  readonly unique: boolean
  readonly data: Uint8Array
}

export interface Query {
  readonly id: number
  readonly questions: ReadonlyArray<Question>
  /** Records that the peer has already. */
  readonly known: ReadonlyArray<Omit<Record, "unique">>
}

export interface Response {
  readonly id: number
  readonly questions: ReadonlyArray<Question>
  readonly answers: ReadonlyArray<Record>
  readonly additionals: ReadonlyArray<Record>
}

const headerSize = 12
const [isResponse, isAuthoritative, opcodes] = [0x8000, 0x0400, 0x7800]
const internet = 1
/** Highest bit of a class: a unicast answer is asked for, or the record is unique. */
const topBit = 0x8000
/** The largest name, in bytes of its labels. */
const nameLimit = 255
/** Pointers that one name may follow. Honest names follow one or two. */
const pointerLimit = 16

/** Decodes a query. Returns nothing for a response, and for any datagram that is not a whole query. */
export const decodeQuery = (bytes: Uint8Array): Query | undefined => {
  if (bytes.length < headerSize) return undefined
  const flags = word(bytes, 2)
  if ((flags & (isResponse | opcodes)) !== 0) return undefined
  const questions: Array<Question> = []
  let at = headerSize
  for (let count = word(bytes, 4); count > 0; count--) {
    const name = readName(bytes, at)
    if (name === undefined || name.end + 4 > bytes.length) return undefined
    const classBits = word(bytes, name.end + 2)
    if ((classBits & ~topBit) === internet || (classBits & ~topBit) === type.ANY)
      questions.push({ name: name.text, type: word(bytes, name.end), unicast: (classBits & topBit) !== 0 })
    at = name.end + 4
  }
  const known: Array<Omit<Record, "unique">> = []
  for (let count = word(bytes, 6); count > 0; count--) {
    const name = readName(bytes, at)
    if (name === undefined || name.end + 10 > bytes.length) return undefined
    const [kind, ttl] = [word(bytes, name.end), word(bytes, name.end + 4) * 65_536 + word(bytes, name.end + 6)]
    at = name.end + 10 + word(bytes, name.end + 8)
    if (at > bytes.length) return undefined
    // The name in a pointer may be compressed, so it is compared without compression.
    const target = kind === type.PTR ? readName(bytes, name.end + 10) : undefined
    const data = target === undefined ? bytes.subarray(name.end + 10, at) : encodeName(target.text)
    known.push({ name: name.text, type: kind, ttl, data })
  }
  return { id: word(bytes, 0), questions, known }
}

/** Reads 16 bits. They are zero beyond the end. */
const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Reads a name. Each pointer leads back, and a name has limits, so a hostile one takes few steps. */
const readName = (bytes: Uint8Array, at: number): { readonly text: string; readonly end: number } | undefined => {
  const labels: Array<string> = []
  let [size, pointers, end] = [0, 0, 0]
  for (let from = at; ;) {
    const length = bytes[at]
    if (length === undefined) return undefined
    if (length >= 0xc0) {
      const target = word(bytes, at) & 0x3fff
      if (at + 1 >= bytes.length || target >= from || ++pointers > pointerLimit) return undefined
      end ||= at + 2
      from = at = target
      continue
    }
    size += length + 1
    if (length > 63 || size > nameLimit || at + length >= bytes.length) return undefined
    if (length === 0) return { text: labels.join("."), end: end || at + 1 }
    const label = decoder.decode(bytes.subarray(at + 1, at + 1 + length))
    labels.push(label.replaceAll(/[\\.]/g, "\\$&"))
    at += length + 1
  }
}

/** Compares names. Upper and lower case are equal only for ASCII: RFC 6762, section 16. */
export const isSameName = (one: string, other: string): boolean =>
  one.length === other.length && inLowerCase(one) === inLowerCase(other)

const inLowerCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())

/** Encodes a name without compression. */
export const encodeName = (name: string): Uint8Array => {
  const labels = (name.match(/(?:\\.|[^.\\])+/gs) ?? []).map((label) =>
    encoder.encode(label.replaceAll(/\\(.)/gs, "$1"))
  )
  return concat(...labels.flatMap((label) => [Uint8Array.of(label.length), label]), Uint8Array.of(0))
}

export const encodeResponse = ({ additionals, answers, id, questions }: Response): Uint8Array =>
  concat(
    words(id, isResponse | isAuthoritative, questions.length, answers.length, 0, additionals.length),
    ...questions.flatMap(({ name, type }) => [encodeName(name), words(type, internet)]),
    ...[...answers, ...additionals].flatMap(({ data, name, ttl, type, unique }) => [
      encodeName(name),
      words(type, internet | (unique ? topBit : 0), ttl >>> 16, ttl & 0xffff, data.length),
      data
    ])
  )

/** Writes integers of 16 bits. */
export const words = (...values: ReadonlyArray<number>): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value >> 8, value & 255]))

export const concat = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(parts)

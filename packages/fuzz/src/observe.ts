/**
 * The observable results of a case, in the words of `c/observe.c`: the written buffer, the walked buffer, the offsets of headers, the messages,
 * and the end of the walk.
 */
import { type Abi, ControlBuffer, type Malformed } from "@ancillary/control"
import { Case } from "./case.ts"

const over = 0xffffffff
const reasons = ["whole", "less than a header is left", "declares less than a header", "declares more than is left"]

/** The module that is compared with the macros: ours, or one that is known to be wrong. */
export type Subject = Pick<
  typeof ControlBuffer,
  "Cursor" | "firstHeader" | "nextHeader" | "fromMessages" | "toMessages" | "writeMessage"
>

export class Observer {
  #abi: Abi
  #subject: Subject
  #case: Case
  #cursor: ControlBuffer.Cursor
  #digest = 0
  #words: Array<number> | undefined

  constructor(abi: Abi, subject: Subject) {
    this.#abi = abi
    this.#subject = subject
    this.#case = new Case(abi, subject)
    this.#cursor = new subject.Cursor(abi)
  }

  digest(seed: number, index: number): number {
    this.#words = undefined
    this.#observe(seed, index)
    return this.#digest >>> 0
  }

  words(seed: number, index: number): ReadonlyArray<number> {
    const words: Array<number> = []
    this.#words = words
    this.#observe(seed, index)
    return words
  }

  #observe(seed: number, index: number): void {
    this.#digest = 0x811c9dc5
    const it = this.#case
    it.make(seed, index)
    this.#tellBytes(it.written, 0, it.written.length)
    this.#tellBytes(it.memory, it.at, it.size)
    this.#headers()
    this.#messages()
  }

  /** The number of headers without payload that fit. So an endless walk is a difference, and does not hang the run. */
  #most(): number {
    return this.#case.size / this.#abi.cmsghdr.size + 1
  }

  #headers(): void {
    const view = new DataView(this.#case.memory.buffer, this.#case.at, this.#case.size)
    let header = this.#subject.firstHeader(this.#abi, view)
    for (let most = this.#most(); header !== undefined && most > 0; most--) {
      this.#tell(header)
      header = this.#subject.nextHeader(this.#abi, view, header)
    }
    this.#tell(over)
  }

  #messages(): void {
    const { at, memory, size, view } = this.#case
    const cursor = this.#cursor
    const most = this.#most()
    const found: Array<ControlBuffer.RawMessage> = []
    cursor.reset(view, at, size)
    while (found.length < most && cursor.next()) {
      const { level, payloadAt, payloadLength, type } = cursor
      this.#tell(cursor.header - at)
      this.#tellSigned(level)
      this.#tellSigned(type)
      this.#tell(payloadAt - at)
      this.#tellBytes(memory, payloadAt, payloadLength)
      found.push({ level, type, payload: memory.subarray(payloadAt, payloadAt + payloadLength) })
    }
    const { malformed } = cursor
    this.#tell(over)
    this.#tell(found.length < most && this.#isAllOf(found, malformed) ? reasonOf(malformed?.malformed) : over)
    this.#tell(malformed === undefined ? 0 : malformed.offset - at)
  }

  /** True if `toMessages` finds the same as the cursor. */
  #isAllOf(found: ReadonlyArray<ControlBuffer.RawMessage>, end: Malformed | undefined): boolean {
    const { at, memory, size } = this.#case
    const { malformed, messages } = this.#subject.toMessages(this.#abi, memory.subarray(at, at + size))
    if (messages.length !== found.length || malformed?.malformed !== end?.malformed) return false
    if (malformed !== undefined && malformed.offset + at !== end?.offset) return false
    return messages.every(({ level, payload, type }, i) => {
      const other = found[i]
      if (other?.level !== level || other.type !== type || other.payload.length !== payload.length) return false
      for (let byte = 0; byte < payload.length; byte++) if (payload[byte] !== other.payload[byte]) return false
      return true
    })
  }

  #tell(word: number): void {
    const mixed = Math.imul(this.#digest ^ word, 0x01000193)
    this.#digest = mixed ^ (mixed >>> 15)
    this.#words?.push(word >>> 0)
  }

  /** A number that C cannot represent is not such a word. */
  #tellSigned(number: number): void {
    this.#tell(number === (number | 0) ? number : over)
  }

  #tellBytes(bytes: Uint8Array, from: number, size: number): void {
    this.#tell(size)
    for (let i = from; i < from + size; i++) this.#tell(bytes[i] ?? 0)
  }
}

/** The kind of end that a sentence of the cursor describes. */
const reasonOf = (malformed: string | undefined): number => {
  if (malformed === undefined) return 0
  if (malformed.includes("are left, a header takes")) return 1
  return malformed.includes("its header alone takes") ? 2 : 3
}

/** The words of a case as lines for people. */
export const describe = (words: ArrayLike<number>): ReadonlyArray<string> => {
  let next = 0
  const word = () => words[next++] ?? over
  const bytes = () => {
    const size = word()
    // A module that is known to be wrong may return any number.
    const length = Math.min(size, words.length - next)
    const found = Uint8Array.from({ length }, word)
    return `${size} bytes ${Buffer.from(found).toString("hex")}`
  }
  const lines = [`written: ${bytes()}`, `walked: ${bytes()}`]
  const headers: Array<number> = []
  for (let header = word(); header !== over; header = word()) headers.push(header)
  lines.push(`headers: ${headers.join(", ")}`)
  for (let header = word(); header !== over; header = word())
    lines.push(`message at ${header}: level ${word() | 0}, type ${word() | 0}, payload at ${word()}: ${bytes()}`)
  lines.push(`end: ${reasons[word()] ?? "without end, or toMessages and the cursor disagree"}, at ${word()}`)
  return lines
}

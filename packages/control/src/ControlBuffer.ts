/**
 * A control buffer: what it takes, how to walk it, how to write it.
 *
 * The five macros of `sys/socket.h` and `ws2def.h` under the names of what they mean: `firstHeader` (`CMSG_FIRSTHDR`), `nextHeader`
 * (`CMSG_NXTHDR`), `data` (`CMSG_DATA`), `space` (`CMSG_SPACE`), `length` (`CMSG_LEN`). Addresses are offsets, NULL is `undefined`.
 *
 * **Details**
 *
 * Reading is total: any bytes and any declared length, also 2^64 − 1, give messages and perhaps a `Malformed` tail, never an exception, a
 * read outside the buffer or an endless loop.
 *
 * @see cmsg(3); RFC 3542 section 20; the remarks of the WSAMSG page
 * @since 0.1.0
 */
import type { Abi, Field } from "./Abi.ts"
import type { Malformed } from "./Codec.ts"
import { isInteger, offsetOf, within } from "./internal/bounds.ts"

/** Bytes of the largest control buffer: kernels hold its size as a C `int`. */
const largest = 0x7fffffff

/** The size of a payload, if a control buffer has room for one. Only a refusal computes what the limit is. */
const payloadOf = (abi: Abi, payload: number): number =>
  isInteger(payload, 0, 0xffff)
    ? payload
    : within("A payload", payload, 0, largest - headerSize(abi) - abi.cmsghdr.align)

/** Rounds up to where headers and payloads may start. */
const align = (abi: Abi, bytes: number): number => Math.ceil(bytes / abi.cmsghdr.align) * abi.cmsghdr.align

/**
 * Bytes from the start of a header to its payload.
 *
 * @category sizes
 * @since 0.1.0
 */
export const headerSize = (abi: Abi): number => align(abi, abi.cmsghdr.size)

/**
 * The value of `cmsg_len` for a payload: header and its padding, payload, but not the padding behind it (`CMSG_LEN`, `WSA_CMSG_LEN`). Throws a
 * `RangeError` if the payload is not an integer of 0 or more, or if a control buffer of 2147483647 bytes has no room for it.
 *
 * @example
 * ```ts
 * import { Abi, ControlBuffer } from "@ancillary/control"
 *
 * ControlBuffer.length(Abi.linuxGlibc64, 1) // => 17
 * ```
 *
 * @category sizes
 * @since 0.1.0
 */
export const length = (abi: Abi, payload: number): number => headerSize(abi) + payloadOf(abi, payload)

/**
 * Bytes that a message with such a payload takes of a control buffer, padding included (`CMSG_SPACE`, `WSA_CMSG_SPACE`). Throws a `RangeError`
 * as `length` does.
 *
 * @example
 * ```ts
 * import { Abi, ControlBuffer } from "@ancillary/control"
 *
 * ControlBuffer.space(Abi.winsockX64, 4) // => 24
 * ControlBuffer.space(Abi.winsockIa32, 4) // => 16
 * ```
 *
 * @category sizes
 * @since 0.1.0
 */
export const space = (abi: Abi, payload: number): number => headerSize(abi) + align(abi, payloadOf(abi, payload))

/**
 * The offset of the first header, or nothing where there is no control buffer or not room for a header in it.
 *
 * @category macros
 * @since 0.1.0
 */
export const firstHeader = (abi: Abi, buffer: DataView | undefined): number | undefined =>
  buffer !== undefined && buffer.byteLength >= abi.cmsghdr.size ? 0 : undefined

/**
 * The offset of the header behind the one at `header`; of nothing, the first.
 *
 * **Gotchas**
 *
 * The macros of C trust `cmsg_len`. This one ends the walk at a length that is shorter than a header or leads out of the buffer; a `Cursor`
 * tells such an end from a proper one.
 *
 * @category macros
 * @since 0.1.0
 */
export const nextHeader = (abi: Abi, buffer: DataView | undefined, header: number | undefined): number | undefined => {
  if (header === undefined || buffer === undefined) return firstHeader(abi, buffer)
  if (!isInteger(header, 0, buffer.byteLength - abi.cmsghdr.size)) return undefined
  const declared = readLength(abi, buffer, header)
  if (declared < abi.cmsghdr.size) return undefined
  const next = header + align(abi, declared)
  return next + abi.cmsghdr.size <= buffer.byteLength ? next : undefined
}

/**
 * The offset of the payload of the message whose header is at `header`.
 *
 * @category macros
 * @since 0.1.0
 */
export const data = (abi: Abi, header: number): number => offsetOf(header) + headerSize(abi)

/** `cmsg_len` as a number: exact below 2^53, and beyond that still larger than any buffer. */
const readLength = (abi: Abi, view: DataView, header: number): number => readField(view, header, abi.cmsghdr.length)

/**
 * Reads an unsigned little-endian integer of 4 or 8 bytes. Throws a `RangeError` for an offset that is not an integer of 0 or more.
 *
 * @category fields
 * @since 0.1.0
 */
export const readField = (view: DataView, base: number, field: Field): number => {
  const low = view.getUint32(offsetOf(base) + field.at, true)
  return field.bytes === 8 ? view.getUint32(base + field.at + 4, true) * 0x100000000 + low : low
}

/**
 * Writes an unsigned little-endian integer of 4 or 8 bytes. Throws a `RangeError` for a value that does not fit, or that is above 2^53 − 1, and
 * for an offset that is not an integer of 0 or more.
 *
 * @category fields
 * @since 0.1.0
 */
export const writeField = (view: DataView, base: number, field: Field, value: number): void => {
  if (!isInteger(value, 0, 0xffffffff))
    within("A value", value, 0, field.bytes === 8 ? Number.MAX_SAFE_INTEGER : 0xffffffff)
  view.setUint32(offsetOf(base) + field.at, value % 0x100000000, true)
  if (field.bytes === 8) view.setUint32(base + field.at + 4, Math.floor(value / 0x100000000), true)
}

/** The end of a buffer that is not a message. The text is made when it is read, because a peer decides how many there are. */
abstract class Tail implements Malformed {
  readonly offset: number
  protected readonly has: number
  protected readonly needs: number
  abstract readonly malformed: string

  constructor(offset: number, has: number, needs: number) {
    this.offset = offset
    this.has = has
    this.needs = needs
  }
}

class ShortHeader extends Tail {
  get malformed(): string {
    return `${this.has} bytes are left, a header takes ${this.needs}`
  }
}

class ShortMessage extends Tail {
  get malformed(): string {
    return `a message declares ${this.has} bytes, its header alone takes ${this.needs}`
  }
}

class LongMessage extends Tail {
  get malformed(): string {
    return `a message declares ${this.has} bytes, ${this.needs} are left`
  }
}

/**
 * Walks the messages between two offsets of a buffer. `next` moves to a message and says whether there is one; its fields describe it until
 * the next `next`. When the walk is over, `malformed` says whether it ended where it should.
 *
 * @example
 * ```ts
 * import { Abi, ControlBuffer } from "@ancillary/control"
 *
 * const view = new DataView(new ArrayBuffer(24))
 * ControlBuffer.writeMessage(Abi.linuxGlibc64, view, 0, { level: 0, type: 2, payload: Uint8Array.of(64, 0, 0, 0) })
 * const cursor = new ControlBuffer.Cursor(Abi.linuxGlibc64)
 * cursor.reset(view, 0, 24)
 * cursor.next() // => true
 * cursor.payloadLength // => 4
 * ```
 *
 * @category reading
 * @since 0.1.0
 */
export class Cursor {
  /** `cmsg_level`, `cmsg_type`, where the payload is and how many bytes of it there are. */
  level = 0
  type = 0
  payloadAt = 0
  payloadLength = 0
  /** Where the current header is. */
  header = 0
  /** What is wrong with the rest of the buffer, once the walk is over. */
  get malformed(): Malformed | undefined {
    if (this.tail !== undefined) this.#malformed ??= { malformed: this.tail.malformed, offset: this.tail.offset }
    return this.#malformed
  }
  /** `malformed`, whose text is made when it is read: a receiver that does not read it spends no time on it. */
  tail: Malformed | undefined = undefined

  #abi: Abi
  #headerSize: number
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0
  #end = 0
  #malformed: Malformed | undefined

  constructor(abi: Abi) {
    this.#abi = abi
    this.#headerSize = headerSize(abi)
  }

  /**
   * Begins at `at`, for `bytes` bytes: what the kernel wrote (`msg_controllen`, `Control.len`), at most what the view has. Throws a `RangeError` if
   * one of them is not an integer of 0 or more.
   */
  reset(view: DataView, at: number, bytes: number): void {
    if (!isInteger(bytes, 0, 0xffffffff)) within("A length", bytes, 0, Number.MAX_SAFE_INTEGER)
    this.#view = view
    this.#at = offsetOf(at)
    this.#end = Math.min(at + bytes, view.byteLength)
    this.tail = undefined
    this.#malformed = undefined
  }

  next(): boolean {
    const { cmsghdr } = this.#abi
    const at = this.#at
    const rest = this.#end - at
    if (rest <= 0) return false
    if (rest < cmsghdr.size) return this.#stop(new ShortHeader(at, rest, cmsghdr.size))
    const declared = readLength(this.#abi, this.#view, at)
    if (declared < this.#headerSize) return this.#stop(new ShortMessage(at, declared, this.#headerSize))
    if (declared > rest) return this.#stop(new LongMessage(at, declared, rest))
    this.header = at
    this.level = this.#view.getInt32(at + cmsghdr.level, true)
    this.type = this.#view.getInt32(at + cmsghdr.type, true)
    this.payloadAt = at + this.#headerSize
    this.payloadLength = declared - this.#headerSize
    this.#at = at + align(this.#abi, declared)
    return true
  }

  #stop(malformed: Malformed): false {
    this.tail = malformed
    this.#at = this.#end
    return false
  }
}

/**
 * One message as plain data.
 *
 * @category models
 * @since 0.1.0
 */
export interface RawMessage {
  readonly level: number
  readonly type: number
  readonly payload: Uint8Array
}

/**
 * Writes a header and returns the offset of its payload, which the caller fills. Padding behind the payload is the caller's zero. Throws a
 * `RangeError`, and writes nothing, if a number is not an integer of its range: an offset, two C `int`, the size of a payload.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeHeader = (
  abi: Abi,
  view: DataView,
  at: number,
  level: number,
  type: number,
  payload: number
): number => {
  const header = headerSize(abi)
  const bytes = length(abi, payload)
  offsetOf(at)
  within("A level", level, -0x80000000, 0x7fffffff)
  within("A type", type, -0x80000000, 0x7fffffff)
  // Every ABI's is a multiple of four.
  for (let i = 0; i < header; i += 4) view.setUint32(at + i, 0)
  writeField(view, at, abi.cmsghdr.length, bytes)
  view.setInt32(at + abi.cmsghdr.level, level, true)
  view.setInt32(at + abi.cmsghdr.type, type, true)
  return at + header
}

/**
 * Writes one message at an offset, padding zeroed, and answers where the next one goes. The view must have `space` bytes there.
 *
 * @category writing
 * @since 0.1.0
 */
export const writeMessage = (abi: Abi, view: DataView, at: number, message: RawMessage): number => {
  const payloadAt = writeHeader(abi, view, at, message.level, message.type, message.payload.length)
  const end = at + space(abi, message.payload.length)
  for (let i = payloadAt; i < end; i++) view.setUint8(i, message.payload[i - payloadAt] ?? 0)
  return end
}

/**
 * A control buffer of exactly these messages.
 *
 * @category writing
 * @since 0.1.0
 */
export const fromMessages = (abi: Abi, messages: ReadonlyArray<RawMessage>): Uint8Array => {
  const bytes = new Uint8Array(messages.reduce((sum, { payload }) => sum + space(abi, payload.length), 0))
  const view = new DataView(bytes.buffer)
  messages.reduce((at, message) => writeMessage(abi, view, at, message), 0)
  return bytes
}

/**
 * The messages of a control buffer, each with a copy of its payload, and what is wrong with its tail.
 *
 * @category reading
 * @since 0.1.0
 */
export const toMessages = (
  abi: Abi,
  buffer: Uint8Array
): { readonly messages: ReadonlyArray<RawMessage>; readonly malformed: Malformed | undefined } => {
  const cursor = new Cursor(abi)
  cursor.reset(new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength), 0, buffer.byteLength)
  const messages: Array<RawMessage> = []
  while (cursor.next()) {
    const { level, type, payloadAt, payloadLength } = cursor
    messages.push({ level, type, payload: buffer.slice(payloadAt, payloadAt + payloadLength) })
  }
  return { messages, malformed: cursor.malformed }
}

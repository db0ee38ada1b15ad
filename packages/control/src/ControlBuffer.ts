/**
 * Functions that measure, walk and write a control buffer.
 *
 * The five macros of `sys/socket.h` and `ws2def.h` have plain names here: `firstHeader` (`CMSG_FIRSTHDR`), `nextHeader`
 * (`CMSG_NXTHDR`), `data` (`CMSG_DATA`), `space` (`CMSG_SPACE`), `length` (`CMSG_LEN`). Addresses are offsets, and NULL
 * is `undefined`.
 *
 * **Details**
 *
 * Reading is total. Any bytes with any declared length, also 2^64 − 1, result in messages and perhaps a `Malformed`
 * tail. It never throws, reads outside the buffer or loops forever.
 *
 * @see cmsg(3); RFC 3542 section 20; the remarks of the WSAMSG page
 * @since 0.1.0
 */
import type { Abi, Field } from "./Abi.ts"
import type { Malformed } from "./Codec.ts"
import { isInteger, offsetOf, within } from "./internal/bounds.ts"

/** Maximum bytes of a control buffer, because kernels store its size in a C `int`. */
const largest = 0x7fffffff

/** Checks that a control buffer has space for a payload of this size. The limit is computed only for an error. */
const payloadOf = (abi: Abi, payload: number): number =>
  isInteger(payload, 0, 0xffff)
    ? payload
    : within("A payload", payload, 0, largest - headerSize(abi) - abi.cmsghdr.align)

/** Rounds up to the next position at which a header or a payload may start. */
const align = (abi: Abi, bytes: number): number => Math.ceil(bytes / abi.cmsghdr.align) * abi.cmsghdr.align

/**
 * Bytes from the start of a header to its payload.
 *
 * @category sizes
 * @since 0.1.0
 */
export const headerSize = (abi: Abi): number => align(abi, abi.cmsghdr.size)

/**
 * Value of `cmsg_len` for a payload: header with its padding, and payload, without the padding after it (`CMSG_LEN`,
 * `WSA_CMSG_LEN`). Throws a `RangeError` if the payload is not an integer of 0 or more. Also throws it if a control
 * buffer of 2147483647 bytes has no space for the payload.
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
 * Bytes of a control buffer that a message with this payload occupies, padding included (`CMSG_SPACE`,
 * `WSA_CMSG_SPACE`). Throws a `RangeError` like `length`.
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
 * Returns the offset of the first header, or `undefined` if the control buffer is absent or smaller than a header.
 *
 * @category macros
 * @since 0.1.0
 */
export const firstHeader = (abi: Abi, buffer: DataView | undefined): number | undefined =>
  buffer !== undefined && buffer.byteLength >= abi.cmsghdr.size ? 0 : undefined

/**
 * Returns the offset of the header after the one at `header`. If `header` is `undefined`, returns the first.
 *
 * **Gotchas**
 *
 * The macros of C trust `cmsg_len`. This function ends the walk if a length is shorter than a header or leaves the
 * buffer. A `Cursor` distinguishes such an end from a regular one.
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

/** `cmsg_len` as a number: exact below 2^53, and larger than any buffer beyond that. */
const readLength = (abi: Abi, view: DataView, header: number): number => readField(view, header, abi.cmsghdr.length)

/**
 * Reads an unsigned little-endian integer of 4 or 8 bytes. Throws a `RangeError` for an offset that is not an integer
 * of 0 or more.
 *
 * @category fields
 * @since 0.1.0
 */
export const readField = (view: DataView, base: number, field: Field): number => {
  const low = view.getUint32(offsetOf(base) + field.at, true)
  return field.bytes === 8 ? view.getUint32(base + field.at + 4, true) * 0x100000000 + low : low
}

/**
 * Writes an unsigned little-endian integer of 4 or 8 bytes. Throws a `RangeError` for a value that does not fit, or
 * that is above 2^53 − 1. Also throws it for an offset that is not an integer of 0 or more.
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

/**
 * The end of a buffer that is not a message. Its text is formatted only when it is read, because a peer decides the
 * number of such buffers.
 */
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
 * Walks the messages between two offsets of a buffer. `next` moves to the next message and returns false at the end.
 * The fields describe the current message until the next call of `next`. After the walk, `malformed` is set if the
 * buffer did not end with a complete message.
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
  /** `cmsg_level` and `cmsg_type`, and the offset and the number of bytes of the payload. */
  level = 0
  type = 0
  payloadAt = 0
  payloadLength = 0
  /** Offset of the current header. */
  header = 0
  /** Problem of the rest of the buffer, set at the end of the walk. */
  get malformed(): Malformed | undefined {
    if (this.tail !== undefined) this.#malformed ??= { malformed: this.tail.malformed, offset: this.tail.offset }
    return this.#malformed
  }
  /**
   * `malformed` with a text that is formatted only when it is read. A receiver that does not read it spends no time on
   * it.
   */
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
   * Starts at `at`, for `bytes` bytes: the number that the kernel wrote (`msg_controllen`, `Control.len`), limited to
   * the view. Throws a `RangeError` if one of them is not an integer of 0 or more.
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
 * Writes a header and returns the offset of its payload. The caller writes the payload, and zeros as the padding after
 * it. Throws a `RangeError`, and writes nothing, if a number is not an integer of its range. The numbers are an offset,
 * two C `int`, and the size of a payload.
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
  // The header size of every ABI is a multiple of four.
  for (let i = 0; i < header; i += 4) view.setUint32(at + i, 0)
  writeField(view, at, abi.cmsghdr.length, bytes)
  view.setInt32(at + abi.cmsghdr.level, level, true)
  view.setInt32(at + abi.cmsghdr.type, type, true)
  return at + header
}

/**
 * Writes one message at an offset, with zeros as padding, and returns the offset of the next one. Requires `space`
 * bytes in the view.
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
 * Makes a control buffer that contains exactly these messages.
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
 * Reads the messages of a control buffer, each with a copy of its payload, and the problem of its tail.
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

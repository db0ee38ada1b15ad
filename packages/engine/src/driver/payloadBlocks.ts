/**
 * Memory of received payloads. On the per-datagram path.
 *
 * A buffer for each payload costs more than the rest of a datagram, so payloads share blocks. A retained payload keeps its whole block
 * alive. V8 stores payloads of 64 bytes or fewer inside their objects, so they need no buffer. For the others a block is at most `most`
 * times the size of each payload in it.
 */

/** Maximum payload in bytes that V8 stores without a buffer (`--typed-array-max-size-in-heap`). */
const inHeap = 64
/** A payload of more bytes has a buffer of its own. */
const large = 4096
/** Bytes of a block for each byte of a payload in it. docs/performance.md has the cost of smaller values. */
const most = 4

/** The current block of one size class. */
interface Current {
  buffer: ArrayBuffer
  bytes: number
  used: number
}

export class Payloads {
  readonly #make: (bytes: number) => ArrayBuffer
  /** Indexed by the number of leading zero bits of a length, so alternating sizes do not end each other's blocks. */
  readonly #classes: ReadonlyArray<Current>

  constructor(make: ((bytes: number) => ArrayBuffer) | undefined) {
    this.#make = make ?? ((bytes) => new ArrayBuffer(bytes))
    const none = new ArrayBuffer(0)
    this.#classes = Array.from({ length: 32 }, () => ({ buffer: none, bytes: 0, used: 0 }))
  }

  /**
   * Returns memory for a payload that does not overlap other payloads. It starts at a multiple of 8, so a program may view it as wider
   * numbers.
   */
  room(length: number): Uint8Array<ArrayBuffer> {
    const current = length <= inHeap || length > large ? undefined : this.#classes[Math.clz32(length)]
    if (current === undefined) return new Uint8Array(length)
    const size = (length + 7) & ~7
    if (current.used + length > current.bytes || current.bytes > most * length) {
      // The last payload needs no padding. The block has as many payloads as the limit allows.
      current.bytes = Math.floor(((most - 1) * length) / size) * size + length
      current.buffer = this.#make(current.bytes)
      current.used = 0
    }
    const at = current.used
    current.used += size
    return new Uint8Array(current.buffer, at, length)
  }
}

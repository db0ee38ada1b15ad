/**
 * Memory of received payloads. On the per-datagram path.
 *
 * A buffer for each payload costs more than the rest of a datagram, so payloads share blocks, and one that is kept keeps its whole block. V8 has
 * payloads of 64 bytes and less within their objects, where a buffer costs nothing. For the others a block is at most `most` times the size of each
 * payload in it.
 */

/** The largest payload that V8 keeps without a buffer (`--typed-array-max-size-in-heap`). */
const inHeap = 64
/** A larger payload has a buffer of its own. */
const large = 4096
/** Bytes of a block for each byte of a payload in it: docs/performance.md has what less would cost. */
const most = 8

/** The current block of one size class. */
interface Current {
  buffer: ArrayBuffer
  bytes: number
  used: number
}

export class Payloads {
  readonly #make: (bytes: number) => ArrayBuffer
  /** By the number of leading zero bits of a length: sizes that take turns do not end each other's blocks. */
  readonly #classes: ReadonlyArray<Current>

  constructor(make: ((bytes: number) => ArrayBuffer) | undefined) {
    this.#make = make ?? ((bytes) => new ArrayBuffer(bytes))
    const none = new ArrayBuffer(0)
    this.#classes = Array.from({ length: 32 }, () => ({ buffer: none, bytes: 0, used: 0 }))
  }

  /** Room for a payload, none over another. A program may lay wider numbers over it: it begins at a multiple of 8. */
  room(length: number): Uint8Array<ArrayBuffer> {
    const current = length <= inHeap || length > large ? undefined : this.#classes[Math.clz32(length)]
    if (current === undefined) return new Uint8Array(length)
    const size = (length + 7) & ~7
    if (current.used + length > current.bytes || current.bytes > most * length) {
      // The last one needs no padding: as many as stay within the bound.
      current.bytes = Math.floor(((most - 1) * length) / size) * size + length
      current.buffer = this.#make(current.bytes)
      current.used = 0
    }
    const at = current.used
    current.used += size
    return new Uint8Array(current.buffer, at, length)
  }
}

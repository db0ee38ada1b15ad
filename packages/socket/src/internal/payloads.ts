/**
 * Memory of received payloads. On the per-datagram path.
 *
 * A buffer of its own costs as much as a third of a datagram, so payloads share blocks; one that is kept keeps its whole block. V8 has payloads of
 * 64 bytes and less within their objects, where a buffer of its own costs nothing. The others share blocks of few: 4 KiB, or eight payloads.
 */

/** The largest payload that V8 keeps without a buffer (`--typed-array-max-size-in-heap`). */
const inHeap = 64
/** Payloads up to here share a block of 4 KiB. */
const small = 512
const smallBlock = 4096
/** Payloads up to here share a block of eight of their size; a larger one has its own. */
const large = 4096
const perLargeBlock = 8

export class Payloads {
  readonly #make: (bytes: number) => ArrayBuffer
  #small = new ArrayBuffer(0)
  #smallUsed = 0
  #large = new ArrayBuffer(0)
  #largeUsed = 0

  constructor(make: ((bytes: number) => ArrayBuffer) | undefined) {
    this.#make = make ?? ((bytes) => new ArrayBuffer(bytes))
  }

  /** Room for a payload, none over another. A program may lay wider numbers over it: it begins at a multiple of 8. */
  room(length: number): Uint8Array<ArrayBuffer> {
    if (length <= inHeap || length > large) return new Uint8Array(length)
    if (length <= small) {
      if (this.#smallUsed + length > this.#small.byteLength) {
        this.#small = this.#make(smallBlock)
        this.#smallUsed = 0
      }
      const at = this.#smallUsed
      this.#smallUsed += (length + 7) & ~7
      return new Uint8Array(this.#small, at, length)
    }
    if (this.#largeUsed + length > this.#large.byteLength) {
      this.#large = this.#make(perLargeBlock * ((length + 7) & ~7))
      this.#largeUsed = 0
    }
    const at = this.#largeUsed
    this.#largeUsed += (length + 7) & ~7
    return new Uint8Array(this.#large, at, length)
  }
}

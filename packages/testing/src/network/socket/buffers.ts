/** Room of datagrams in the buffers of a socket. */
import { type Packet, sizeOf } from "../ip/packet.ts"

/** Linux: `struct sk_buff`, and what stands behind its data. */
const head = 256
const tail = 320
/** Room for headers of links and of IP. */
const headers = 64 + 28

/** Linux charges a buffer by the blocks of the allocator: powers of two up to a page, then pages. */
export const chargedBytes = (bytes: number): number => {
  const data = bytes + headers + tail
  if (data > 4096) return head + Math.ceil(data / 4096) * 4096
  let block = 512
  while (block < data) block *= 2
  return head + block
}

/** Room for the header of the link, and for its alignment. */
const linkHeader = 16 + 15
/** Linux: the smallest block of a packet that is sent (`SKB_SMALL_HEAD_CACHE_SIZE`), measured on 6.18. */
const smallBlock = 576

/** Linux charges a send buffer by blocks, too. A packet of 1,500 bytes takes 2,304, as measured on 6.18. */
const sentCharge = (packet: Packet): number => {
  const data = sizeOf(packet) + linkHeader + tail
  if (data <= smallBlock) return head + smallBlock
  let block = 1024
  while (block < data) block *= 2
  return head + block
}

/** The packets of one socket that wait for a link. */
export class SendBuffer {
  readonly #room: () => number
  readonly #wake: () => void
  /** Bytes that a packet takes. */
  charge: (packet: Packet) => number = sentCharge
  /** Linux reports a socket as writable while less than half of its buffer is in use (`sock_writeable`). */
  writablePart = 0.5
  #used = 0

  /** `room`: bytes of the buffer. `wake` is called when packets have left. */
  constructor(room: () => number, wake: () => void) {
    this.#room = room
    this.#wake = wake
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used
  }

  /** True if a send would have to wait. The last datagram may exceed the buffer, as on Linux. */
  get isFull(): boolean {
    return this.#used >= this.#room()
  }

  get isWritable(): boolean {
    return this.#used < this.#room() * this.writablePart
  }

  take(packet: Packet): () => void {
    const bytes = this.charge(packet)
    this.#used += bytes
    return () => {
      this.#used -= bytes
      if (this.isWritable) this.#wake()
    }
  }
}

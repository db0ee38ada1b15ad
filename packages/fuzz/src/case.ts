/**
 * A list of messages, and the control buffer that is walked: what a program wrote of the list, then corrupted, or noise. Draw by draw as in
 * `c/case.c`.
 */
import { type Abi, ControlBuffer } from "@ancillary/control"
import { Random } from "./random.ts"

const messagesAtMost = 8
const payloadAtMost = 400
const trailingAtMost = 20
const levels = [0, 1, 6, 17, 41, 58, 0xffff, -1]

/** Writes a list of messages: what is compared with how the macros write it. */
export type Writer = Pick<typeof ControlBuffer, "fromMessages" | "writeMessage">

/** One case after the other, in the same memory. */
export class Case {
  written: Uint8Array = new Uint8Array(0)
  /** Where the control buffer lies and how many bytes of it there are. Behind them is what earlier cases left. */
  readonly memory: Uint8Array
  readonly view: DataView
  at = 0
  size = 0

  #abi: Abi
  #writer: Writer
  #random = new Random()

  constructor(abi: Abi, writer: Writer) {
    const message = ControlBuffer.space(abi, 0) + ControlBuffer.space(abi, payloadAtMost)
    this.memory = new Uint8Array(32 + messagesAtMost * message + 4 * trailingAtMost)
    this.view = new DataView(this.memory.buffer)
    this.#abi = abi
    this.#writer = writer
  }

  make(seed: number, index: number): void {
    const random = this.#random.drawFor(seed, index)
    const messages = this.#list()
    this.written = index % 2 === 0 ? this.#writer.fromMessages(this.#abi, messages) : this.#overwrite(messages)
    // Somewhere in memory: the macros of C want their buffer aligned, ours do not.
    this.at = index % 32
    this.size = this.written.length
    this.memory.set(this.written, this.at)
    let headers = messages.map(({ payload }) => ControlBuffer.space(this.#abi, payload.length))
    for (let i = 0, header = 0; i < headers.length; i++) [headers[i], header] = [header, header + (headers[i] ?? 0)]
    // Once in a while, noise.
    if (random.below(16) === 0) {
      headers = []
      this.size = random.below(200)
      for (let i = 0; i < this.size; i++) this.memory[this.at + i] = random.draw()
    }
    for (let corruptions = random.below(4); corruptions > 0; corruptions--) this.#corrupt(headers)
  }

  /** Message by message, over bytes that are not zero. */
  #overwrite(messages: ReadonlyArray<ControlBuffer.RawMessage>): Uint8Array {
    const room = new Uint8Array(this.memory.length).fill(0xaa)
    const view = new DataView(room.buffer)
    const end = messages.reduce((at, message) => this.#writer.writeMessage(this.#abi, view, at, message), 0)
    return room.subarray(0, end)
  }

  #list(): ReadonlyArray<ControlBuffer.RawMessage> {
    const random = this.#random
    const count = random.below(messagesAtMost + 1)
    const messages: Array<ControlBuffer.RawMessage> = []
    while (messages.length < count) {
      const level = levels[random.below(10)] ?? random.draw() | 0
      const type = random.below(4) > 0 ? random.below(128) : random.draw() | 0
      const payload = new Uint8Array(random.below(8) > 0 ? random.below(41) : random.below(payloadAtMost + 1))
      for (let at = 0; at < payload.length; at += 4) {
        const word = random.draw()
        for (let byte = 0; byte < 4 && at + byte < payload.length; byte++) payload[at + byte] = word >>> (8 * byte)
      }
      messages.push({ level, type, payload })
    }
    return messages
  }

  #corrupt(headers: ReadonlyArray<number>): void {
    const random = this.#random
    const { at, memory } = this
    switch (random.below(5)) {
      case 0:
        return this.#corruptLength(headers)
      // A cut end.
      case 1:
        this.size -= random.below(Math.min(this.size, 40) + 1)
        return
      // Bits turned over.
      case 2:
        for (let flips = 1 + random.below(8); flips > 0; flips--) {
          const where = random.draw()
          const bit = random.below(8)
          if (this.size > 0)
            this.view.setUint8(at + (where % this.size), (memory[at + (where % this.size)] ?? 0) ^ (1 << bit))
        }
        return
      // Bytes behind the end, zero or not.
      case 3: {
        const mask = random.below(2) > 0 ? 0xff : 0
        for (let more = random.below(trailingAtMost + 1); more > 0; more--)
          memory[at + this.size++] = random.draw() & mask
        return
      }
      // All bits.
      default: {
        const where = random.draw() % Math.max(1, this.size)
        const count = 1 + random.below(24)
        memory.fill(0xff, at + where, at + Math.min(where + count, this.size))
      }
    }
  }

  #corruptLength(headers: ReadonlyArray<number>): void {
    const random = this.#random
    const { length, size } = this.#abi.cmsghdr
    const least = ControlBuffer.headerSize(this.#abi)
    const header = headers.length > 0 ? (headers[random.below(headers.length)] ?? 0) : 0
    const [kind, little, wide, any] = [random.below(12), random.below(64), random.below(8), random.draw()]
    if (header + size > this.size) return
    const rest = this.size - header
    const declared = this.view.getUint32(this.at + header + length.at, true)
    const lows = [
      0,
      any % least,
      least - 1,
      least,
      rest,
      rest + 1 + (little % 8),
      rest - (little % 8),
      declared + 1 + (little % 16),
      declared - 1 - (little % 16),
      0x7fffffff + (little % 3),
      0xffffffff - little,
      any
    ]
    this.view.setUint32(this.at + header + length.at, lows[kind] ?? 0, true)
    if (length.bytes < 8) return
    const high = kind === 10 && wide < 4 ? 0xffffffff : wide < 5 ? 0 : [1, 0x80000000, 0xffffffff][wide - 5]
    this.view.setUint32(this.at + header + length.at + 4, high ?? 0, true)
  }
}

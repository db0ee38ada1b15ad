/**
 * A list of messages, and the control buffer that is walked: the written list, then corrupted, or noise. The draws are those of `c/case.c`.
 */
import { type Abi, ControlBuffer } from "@ancillary/control"
import { corrupt, trailingAtMost } from "./corrupt.ts"
import { Random } from "./random.ts"

const messagesAtMost = 8
const payloadAtMost = 400
const levels = [0, 1, 6, 17, 41, 58, 0xffff, -1]

/** Writes a list of messages. The result is compared with that of the macros. */
export type Writer = Pick<typeof ControlBuffer, "fromMessages" | "writeMessage">

/** Cases in sequence, in the same memory. */
export class Case {
  written: Uint8Array = new Uint8Array(0)
  /** The place of the control buffer and its length. The bytes after it are those of earlier cases. */
  readonly memory: Uint8Array
  readonly view: DataView
  readonly room: number
  at = 0
  size = 0

  #abi: Abi
  #writer: Writer
  #random = new Random()

  constructor(abi: Abi, writer: Writer) {
    const message = ControlBuffer.space(abi, 0) + ControlBuffer.space(abi, payloadAtMost)
    this.room = messagesAtMost * message + 4 * trailingAtMost
    this.memory = new Uint8Array(32 + this.room)
    this.view = new DataView(this.memory.buffer)
    this.#abi = abi
    this.#writer = writer
  }

  make(seed: number, index: number): void {
    const random = this.#random.drawFor(seed, index)
    const messages = this.#list()
    this.written = index % 2 === 0 ? this.#writer.fromMessages(this.#abi, messages) : this.#overwrite(messages)
    // At any offset: the macros of C require an aligned buffer, ours do not.
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
    for (let corruptions = random.below(4); corruptions > 0; corruptions--) corrupt(random, this.#abi, this, headers)
  }

  /** Each message is written over bytes that are not zero. */
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
      const payload = random.bytes(random.below(8) > 0 ? random.below(41) : random.below(payloadAtMost + 1))
      messages.push({ level, type, payload })
    }
    return messages
  }
}

/** The control data of one message, read from a program: its values, and its bytes in memory of its own. */
import { type StampRequest, TransmitTimestamp } from "@ancillary/control"
import type { Writer } from "./writer.ts"

const scratchBytes = 4

export class SentControl {
  readonly view: DataView
  /** Bytes for the part of a shared number. */
  readonly scratch: DataView
  /** The first `count` belong to this message, in the program's order. The array is not emptied, because it would be allocated again. */
  readonly given: Array<Writer | undefined> = []
  readonly values: Array<unknown> = []
  count = 0
  /** Number of written bytes. */
  length = 0
  /** The stamp that is requested with the datagram, read once. */
  stamp: StampRequest | undefined

  constructor(size: number) {
    const bytes = new ArrayBuffer(size + scratchBytes)
    this.view = new DataView(bytes, 0, size)
    this.scratch = new DataView(bytes, size, scratchBytes)
  }

  /** Returns the value of a message, as the program gave it. */
  value(key: string): unknown {
    for (let i = 0; i < this.count; i++) if (this.given[i]?.key === key) return this.values[i]
    return undefined
  }

  /** Adds a value. It is called before anything is written. */
  add(writer: Writer, value: unknown): void {
    this.given[this.count] = writer
    this.values[this.count++] = value
    if (writer.key === TransmitTimestamp.key) this.stamp = stampOf(value)
  }

  /** Copies the written bytes. */
  copy(into: DataView, at: number): void {
    // Their number is a multiple of 4 and small, so a loop costs less than a call.
    for (let i = 0; i < this.length; i += 4) into.setInt32(at + i, this.view.getInt32(i))
  }

  /** Resets it, and releases the values of the program. */
  clear(): void {
    for (let i = 0; i < this.count; i++) this.values[i] = undefined
    this.count = 0
    this.length = 0
    this.stamp = undefined
  }
}

const stampOf = (value: unknown): StampRequest | undefined => {
  if (typeof value === "number") return { id: value }
  if (typeof value !== "object" || value === null) return undefined
  // The definition of the message refuses every other value.
  const { id, scheduled } = value as StampRequest
  return { id, scheduled: scheduled === true }
}

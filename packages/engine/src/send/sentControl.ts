/**
 * The control data of one message, as it is read from a program: its values, and its bytes in memory of its own.
 */
import { type StampRequest, TransmitTimestamp } from "@ancillary/control"
import type { Writer } from "./writer.ts"

export class SentControl {
  readonly view: DataView
  /** The four bytes that the part of a shared number is written into. */
  readonly scratch: DataView = new DataView(new ArrayBuffer(4))
  /** The first `count` are those of this message, in the order in which the program gave them. An array that is emptied would be allocated anew. */
  readonly given: Array<Writer | undefined> = []
  readonly values: Array<unknown> = []
  count = 0
  /** Bytes that are written. */
  length = 0
  /** The stamp that is requested with the datagram, read once. */
  stamp: StampRequest | undefined

  constructor(size: number) {
    this.view = new DataView(new ArrayBuffer(size))
  }

  /** The value of a message, as the program gave it. */
  value(key: string): unknown {
    for (let i = 0; i < this.count; i++) if (this.given[i]?.key === key) return this.values[i]
    return undefined
  }

  /** Adds a value, before anything is written. */
  add(writer: Writer, value: unknown): void {
    this.given[this.count] = writer
    this.values[this.count++] = value
    if (writer.key === TransmitTimestamp.key) this.stamp = stampOf(value)
  }

  /** Copies the bytes that are written. */
  copy(into: DataView, at: number): void {
    // They are a multiple of 4, and few: a loop costs less than a call.
    for (let i = 0; i < this.length; i += 4) into.setInt32(at + i, this.view.getInt32(i))
  }

  /** Makes it as new, and keeps no value of the program. */
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

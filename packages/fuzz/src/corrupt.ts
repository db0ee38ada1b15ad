/** Corruptions of a control buffer. The draws are those of `c/case.c`. */
import { type Abi, ControlBuffer } from "@ancillary/control"
import type { Random } from "./random.ts"

export const trailingAtMost = 20

/** A control buffer in memory: its offset, its length and its capacity. */
export interface Buffer {
  readonly memory: Uint8Array
  readonly view: DataView
  readonly at: number
  readonly room: number
  size: number
}

/** Corrupts a buffer once. `headers` has the offsets of its headers. */
export const corrupt = (random: Random, abi: Abi, buffer: Buffer, headers: ReadonlyArray<number>): void => {
  const { at, memory, room, size } = buffer
  switch (random.below(5)) {
    case 0:
      return corruptLength(random, abi, buffer, headers)
    // A cut end.
    case 1:
      buffer.size -= random.below(Math.min(size, 40) + 1)
      return
    // Flipped bits.
    case 2:
      for (let flips = 1 + random.below(8); flips > 0; flips--) {
        const where = at + (random.draw() % Math.max(1, size))
        const bit = random.below(8)
        if (size > 0) memory[where] = (memory[where] ?? 0) ^ (1 << bit)
      }
      return
    // Bytes after the end, zero or not.
    case 3: {
      const mask = random.below(2) > 0 ? 0xff : 0
      for (let more = random.below(trailingAtMost + 1); more > 0; more--) {
        const byte = random.draw() & mask
        if (buffer.size < room) memory[at + buffer.size++] = byte
      }
      return
    }
    // All bits.
    default: {
      const where = random.draw() % Math.max(1, size)
      const count = 1 + random.below(24)
      memory.fill(0xff, at + where, at + Math.min(where + count, size))
    }
  }
}

const corruptLength = (random: Random, abi: Abi, { at, size, view }: Buffer, headers: ReadonlyArray<number>): void => {
  const { length } = abi.cmsghdr
  const least = ControlBuffer.headerSize(abi)
  const header = headers.length > 0 ? (headers[random.below(headers.length)] ?? 0) : 0
  const [kind, little, wide, any] = [random.below(12), random.below(64), random.below(8), random.draw()]
  if (header + abi.cmsghdr.size > size) return
  const rest = size - header
  const declared = view.getUint32(at + header + length.at, true)
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
  view.setUint32(at + header + length.at, lows[kind] ?? 0, true)
  if (length.bytes < 8) return
  const high = kind === 10 && wide < 4 ? 0xffffffff : wide < 5 ? 0 : [1, 0x80000000, 0xffffffff][wide - 5]
  view.setUint32(at + header + length.at + 4, high ?? 0, true)
}

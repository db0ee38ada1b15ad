import { Codec } from "@ancillary/control"

/** Bytes that a program hands over, copied once: what changes afterwards, or lies about its length, cannot move what is written. */
export const copied = (given: unknown): Uint8Array<ArrayBuffer> | undefined => {
  try {
    // A proxy is no view: its iterator might not end.
    return ArrayBuffer.isView(given) && given instanceof Uint8Array ? new Uint8Array(given) : undefined
  } catch {
    // Detached, or its memory shrank.
    return undefined
  }
}

/**
 * Copies of the pieces of a list, the first `most` of them; nothing if one of them cannot be read. The length is read once: of a proxy it may grow, and
 * its iterator might not end.
 */
export const copiedAll = (given: unknown, most: number): ReadonlyArray<Uint8Array<ArrayBuffer>> | undefined => {
  try {
    if (!Array.isArray(given)) return undefined
    const list: ReadonlyArray<unknown> = given
    const length: unknown = list.length
    if (!Codec.isInteger(length, 0, 0xffffffff)) return undefined
    const pieces: Array<Uint8Array<ArrayBuffer>> = []
    for (let index = 0; index < Math.min(length, most); index++) {
      const piece = copied(list[index])
      if (piece === undefined) return undefined
      pieces.push(piece)
    }
    return pieces
  } catch {
    return undefined
  }
}

import { Codec } from "@ancillary/control"

/** Copies bytes of a program once. Later changes, or a wrong length, then have no effect on the bytes that are written. */
export const copied = (given: unknown): Uint8Array<ArrayBuffer> | undefined => {
  try {
    // A proxy is not a view, and its iterator might not end.
    return ArrayBuffer.isView(given) && given instanceof Uint8Array ? new Uint8Array(given) : undefined
  } catch {
    // The array is detached, or its memory shrank.
    return undefined
  }
}

/**
 * Copies the first `most` arrays of a list. Returns `undefined` if one of them cannot be read. The length is read once, because that of a
 * proxy may grow and its iterator might not end.
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

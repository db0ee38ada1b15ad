const decoder = new TextDecoder("utf-8", { fatal: true })

/** A byte that is not UTF-8 is read as this much above its number. It is a lone surrogate, which UTF-8 never encodes (PEP 383). */
const rawByte = 0xdc00

/** Converts a name of the kernel to text. Linux: an interface's name may have any bytes, and different names stay different. */
export const bytesAsText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    return String.fromCharCode(...Array.from(bytes, (byte) => (byte < 0x80 ? byte : rawByte + byte)))
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true })

/** A byte that is not UTF-8 is read as this much above its number: half of a pair, which no UTF-8 stands for (PEP 383). */
const rawByte = 0xdc00

/** A name of the kernel as text. Linux: an interface's name may be any bytes; different names stay different. */
export const bytesAsText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    return String.fromCharCode(...Array.from(bytes, (byte) => (byte < 0x80 ? byte : rawByte + byte)))
  }
}

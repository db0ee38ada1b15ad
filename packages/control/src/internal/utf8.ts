/**
 * Converts UTF-8 without `TextEncoder`, because this package compiles without the types of Node and of the DOM, which
 * declare it.
 */

/**
 * A byte that is not UTF-8 is read as the character this much above its number. That is half of a surrogate pair, which
 * UTF-8 cannot encode (PEP 383).
 */
const rawByte = 0xdc00

export const utf8 = (text: string): ReadonlyArray<number> => {
  const bytes: Array<number> = []
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0
    if (code < 0x80) bytes.push(code)
    else if (code >= rawByte + 0x80 && code <= rawByte + 0xff) bytes.push(code - rawByte)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return bytes
}

export const fromUtf8 = (bytes: Uint8Array): string => {
  let escaped = ""
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, "0")}`
  try {
    return decodeURIComponent(escaped)
  } catch {
    // Different names stay different, and are written as they were read, so a reply to such a name is possible.
    return String.fromCharCode(...Array.from(bytes, (byte) => (byte < 0x80 ? byte : rawByte + byte)))
  }
}

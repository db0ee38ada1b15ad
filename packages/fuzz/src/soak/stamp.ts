/**
 * The payload of a datagram of the soak: a header that identifies it, then bytes that follow from its number.
 */
const magic = 0x50a4ed01

export const headerBytes = 16

/** Writes a datagram's header and bytes at an offset. `size` counts the header. */
export const stamp = (into: Uint8Array, at: number, size: number, world: number, id: number): void => {
  const view = new DataView(into.buffer, into.byteOffset + at, headerBytes)
  view.setUint32(0, magic)
  view.setUint32(4, world)
  view.setUint32(8, id)
  view.setUint32(12, size)
  for (let i = headerBytes; i < size; i++) into[at + i] = (id * 31 + i * 7) & 255
}

/** Returns the number of a datagram, `undefined` if another program sent it, or a description of what is wrong with its bytes. */
export const identify = (data: Uint8Array, world: number, isWhole = true): number | string | undefined => {
  if (data.length < headerBytes) return isWhole ? undefined : "fewer bytes than a header"
  const view = new DataView(data.buffer, data.byteOffset, headerBytes)
  if (view.getUint32(0) !== magic || view.getUint32(4) !== world) return undefined
  const id = view.getUint32(8)
  if (!isWhole) return id
  if (view.getUint32(12) !== data.length) return `datagram ${id} has ${data.length} bytes, not ${view.getUint32(12)}`
  for (let i = headerBytes; i < data.length; i++)
    if (data[i] !== ((id * 31 + i * 7) & 255)) return `datagram ${id} has another byte at ${i}`
  return id
}

/** The Internet checksum (RFC 1071), with the pseudo headers of both families. */
import type { Address } from "../address.ts"

/** Sum of 16-bit words in network order, not yet folded. */
const sum = (bytes: Uint8Array, from: number): number => {
  let total = from
  const even = bytes.length & ~1
  for (let i = 0; i < even; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0)
  if (even < bytes.length) total += (bytes[even] ?? 0) << 8
  return total
}

const fold = (total: number): number => {
  let folded = total
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return folded
}

const words = (address: Address): number => {
  const parts = address.family === "ipv4" ? [address.value] : [address.a, address.b, address.c, address.d]
  let total = 0
  for (const part of parts) total += (part >>> 16) + (part & 0xffff)
  return total
}

/** Checksum of bytes alone. It is 0 for bytes that contain their right checksum. */
export const plainChecksum = (bytes: Uint8Array): number => ~fold(sum(bytes, 0)) & 0xffff

/** Checksum with the pseudo header. It is 0 for a body that contains its right checksum. */
export const checksumOf = (
  { destination, source }: { readonly source: Address; readonly destination: Address },
  protocol: number,
  body: Uint8Array
): number => ~fold(sum(body, words(source) + words(destination) + protocol + body.length)) & 0xffff

/** Sum of a payload in the byte order of the host, folded to 16 bits. */
export const payloadSum = (bytes: Uint8Array): number => {
  const folded = fold(sum(bytes, 0))
  return ((folded & 0xff) << 8) | (folded >>> 8)
}

/** The option of IPv4 in which each host on the way leaves its address (RFC 791). */
import type { Address } from "../address.ts"

const endOfOptions = 0
const noOperation = 1
const recordRoute = 7
const addressBytes = 4

/** Returns the options with an address in the next free place of a recorded route, if there is one. */
export const recorded = (options: Uint8Array, address: Address): Uint8Array => {
  if (address.family !== "ipv4") return options
  for (let at = 0; at < options.length && options[at] !== endOfOptions;) {
    const length = options[at] === noOperation ? 1 : (options[at + 1] ?? 0)
    if (length === 0) return options
    const pointer = options[at + 2] ?? 0
    if (options[at] === recordRoute && pointer + addressBytes - 1 <= length) {
      const filled = options.slice()
      new DataView(filled.buffer).setUint32(at + pointer - 1, address.value)
      filled[at + 2] = pointer + addressBytes
      return filled
    }
    at += length
  }
  return options
}

import type { Endpoint, Family } from "@ancillary/control"

/** A longer array is refused by the send. */
const mostPieces = 65_536

/**
 * Reads each field of a request once, and copies its payload. A request is sent again later, when its program may have used the memory for
 * another one. `to` is its destination, as it was read. A payload that cannot be copied stays, and the send fails with the reason.
 *
 * @category servers
 * @since 0.1.0
 */
export const copyRequest = <M extends object>(message: M, to: Endpoint<Family>): M => {
  const { control, data, segmentSize } = message as { readonly [field: string]: unknown }
  const isPieces = Array.isArray(data) && data.length <= mostPieces
  const copied: object = {
    data: isPieces ? Array.from<unknown>(data).map(copyOf) : copyOf(data),
    to,
    control,
    segmentSize
  }
  // It has the fields that a send reads.
  return copied as M
}

const copyOf = (piece: unknown): unknown => {
  if (!(piece instanceof Uint8Array)) return piece
  try {
    return new Uint8Array(piece)
  } catch {
    // Its memory was detached.
    return piece
  }
}

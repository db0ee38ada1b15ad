/** Datagrams that are split by the sizes of one read. */
import { Codec } from "@ancillary/control"
import type { DatagramReceiveError } from "../errors/DatagramError.ts"
import type { Plan } from "../plan/Plan.ts"
import { type DatagramFault, tooLarge } from "./DatagramFault.ts"
import { ReceivedDatagram, split } from "./incoming.ts"
import { receiveInvalid } from "./receiveInvalid.ts"

const largestPart = 2 ** 31 - 1

/** Returns the reason why these are not sizes of parts, or `undefined` if they are. */
export const refusedSizes = (
  core: { readonly plan: Plan },
  sizes: ReadonlyArray<unknown>
): DatagramReceiveError | undefined => {
  const wrong = sizes.findIndex((size) => !Codec.isInteger(size, 1, largestPart))
  if (sizes.length > 0 && wrong === -1) return undefined
  const why = sizes.length === 0 ? "there are none" : `${Codec.format(sizes[wrong])} at position ${wrong} is not a size`
  return receiveInvalid(core, "sizes", `${why}: give one integer or more from 1 to ${largestPart}`)
}

/**
 * A datagram in parts.
 *
 * @category sockets
 * @since 0.1.0
 */
export class ScatteredDatagram extends ReceivedDatagram {
  readonly parts: ReadonlyArray<Uint8Array>

  constructor(
    data: Uint8Array,
    { control, delivery, from }: ReceivedDatagram,
    truncated: ReceivedDatagram["truncated"],
    sizes: ReadonlyArray<number>
  ) {
    super(data, from, control, delivery, truncated)
    this.parts = split(data, sizes)
  }
}

/**
 * Splits a datagram. One that exceeds the parts is treated as the spec declares: a fault, a truncated datagram, or nothing if it is
 * dropped.
 */
export const scattered = (
  { maybe, truncation }: Plan,
  datagram: ReceivedDatagram,
  sizes: ReadonlyArray<number>
): ScatteredDatagram | DatagramFault | undefined => {
  const { data, from, truncated } = datagram
  const { length } = data
  const room = sizes.reduce((sum, size) => sum + size, 0)
  if (length <= room) return new ScatteredDatagram(data, datagram, truncated, sizes)
  if (truncation === "drop") return undefined
  if (truncation === "fail") return tooLarge(maybe, from, length, room, "give receiveScattered larger sizes")
  // A datagram that the spec truncated before already has its size, if the kernel reports it.
  const whole = maybe.get(truncated) === undefined ? maybe.some({ size: maybe.some(length) }) : truncated
  return new ScatteredDatagram(data.subarray(0, room), datagram, whole, sizes)
}

import { isInteger, format } from "../Codec.ts"
import { type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { classRows } from "../internal/classByte.ts"

/**
 * Differentiated services codepoint: the upper six bits of the traffic class byte. The lower two belong to `Ecn` and do
 * not change.
 *
 * @see RFC 2474; ip(7), IP_TOS; RFC 3542 section 6.5
 * @category messages
 * @since 0.1.0
 */
export interface Dscp extends ControlMessage<"dscp", Internet> {
  readonly received: {
    /** The differentiated services codepoint, 0 to 63; 46 is expedited forwarding. */
    readonly dscp: number
  }
  readonly sendable: {
    /** The differentiated services codepoint, 0 to 63. Absent: the current value of the socket. */
    readonly dscp?: number | undefined
  }
}

/**
 * The definition of `Dscp`. Only documentation supports sending it on Winsock.
 *
 * @category messages
 * @since 0.1.0
 */
export const Dscp = define<Dscp>({
  key: "dscp",
  presence: "required",
  table: classRows<number>({
    mask: 0xfc,
    read: (byte) => byte >> 2,
    write: (codepoint) => codepoint << 2,
    validate: (value) =>
      isInteger(value, 0, 63) ? undefined : `${format(value)} is not a DSCP: an integer from 0 to 63`
  })
})

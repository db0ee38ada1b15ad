import { isInteger, format } from "../Codec.ts"
import { type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { classRows } from "../internal/classByte.ts"

/**
 * The whole traffic class byte (the TOS of IPv4): `Dscp` in the upper six bits, `Ecn` in the lower two. To use only one
 * of them, declare that one.
 *
 * @see RFC 2474 section 3; ip(7), IP_TOS; RFC 3542 section 6.5
 * @category messages
 * @since 0.1.0
 */
export interface TrafficClass extends ControlMessage<"trafficClass", Internet> {
  readonly received: {
    /** The traffic class byte, 0 to 255: six bits of DSCP above two bits of ECN. */
    readonly trafficClass: number
  }
  readonly sendable: {
    /**
     * The traffic class byte, 0 to 255. Absent: the current value of the socket. It excludes `dscp` and `ecn`, which
     * are parts of it.
     */
    readonly trafficClass?: number | undefined
  }
}

/**
 * The definition of `TrafficClass`. Only documentation supports sending it on Winsock.
 *
 * @category messages
 * @since 0.1.0
 */
export const TrafficClass = define<TrafficClass>({
  key: "trafficClass",
  presence: "required",
  table: classRows<number>({
    mask: 0xff,
    excludes: ["dscp", "ecn"],
    read: (byte) => byte,
    write: (byte) => byte,
    // Linux accepts -1 for IPv6 and sends 255.
    validate: (value) =>
      isInteger(value, 0, 255) ? undefined : `${format(value)} is not a traffic class: an integer from 0 to 255`
  })
})

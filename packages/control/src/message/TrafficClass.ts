import { isInteger, format } from "../Codec.ts"
import { type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { classRows } from "../internal/classByte.ts"

/**
 * The traffic class byte as a whole (IPv4 says TOS): `Dscp` in the upper six bits, `Ecn` in the lower two. Whoever wants one of them alone
 * declares that one.
 *
 * @see RFC 2474 section 3; ip(7), IP_TOS; RFC 3542 section 6.5
 * @category messages
 * @since 0.1.0
 */
export interface TrafficClass extends ControlMessage<"trafficClass", Internet> {
  readonly received: {
    /** The traffic class byte, 0 to 255: six bits of DSCP above two of ECN. */
    readonly trafficClass: number
  }
  readonly sendable: {
    /** The traffic class byte, 0 to 255. Absent: the socket's own. Not beside `dscp` or `ecn`, which say a part of it. */
    readonly trafficClass?: number | undefined
  }
}

/**
 * The definition of `TrafficClass`. Sending it on Winsock rests on documents alone.
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
    // Linux takes -1 for IPv6 and sends 255.
    validate: (value) =>
      isInteger(value, 0, 255) ? undefined : `${format(value)} is not a traffic class: an integer from 0 to 255`
  })
})

import { type Codec, int32, format, transform } from "../Codec.ts"
import { type ControlMessage, define, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { classRows } from "../internal/classByte.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Explicit congestion notification (RFC 3168 section 5): not capable, capable (two codepoints), congestion experienced.
 *
 * @category models
 * @since 0.1.0
 */
export type EcnCodepoint = "not-ect" | "ect1" | "ect0" | "ce"

/**
 * Explicit congestion notification: the lower two bits of the traffic class byte. The upper six belong to `Dscp` and do
 * not change.
 *
 * @see RFC 3168; RFC 9000 section 13.4; ws2ipdef.h, IP_ECN
 * @category messages
 * @since 0.1.0
 */
export interface Ecn extends ControlMessage<"ecn", Internet> {
  readonly received: {
    /** The congestion mark of the datagram: `"ce"` if a router on the path was congested. */
    readonly ecn: EcnCodepoint
  }
  readonly sendable: {
    /** Capability of this datagram's transport to process congestion marks. Absent: the current value of the socket. */
    readonly ecn?: EcnCodepoint | undefined
  }
}

/** The codepoints, in the order of their numbers in the header. */
const codepoints: ReadonlyArray<EcnCodepoint> = ["not-ect", "ect1", "ect0", "ce"]
const validate = (value: EcnCodepoint): string | undefined =>
  codepoints.includes(value) ? undefined : `${format(value)} is not an ECN codepoint: "not-ect", "ect0", "ect1" or "ce"`

const rows = classRows<EcnCodepoint>({
  mask: 0x03,
  read: (byte) => codepoints[byte & 3] ?? "not-ect",
  write: (value) => codepoints.indexOf(value),
  validate: validate
})

const codepoint: Codec<EcnCodepoint> = transform(int32, {
  read: (value) => codepoints[value] ?? { malformed: `an ECN codepoint of ${value}` },
  write: (value) => codepoints.indexOf(value),
  validate: validate
})

/** Winsock: ECN has its own message for sending, which does not change the rest of the byte. */
const withOwnMessage = (
  row: Row<EcnCodepoint, EcnCodepoint>,
  level: number,
  type: number
): Row<EcnCodepoint, EcnCodepoint> => ({
  ...row,
  send: { level, type, payload: codepoint }
})

/**
 * The definition of `Ecn`. Only documentation supports sending it on Winsock.
 *
 * @category messages
 * @since 0.1.0
 */
export const Ecn = define<Ecn>({
  key: "ecn",
  presence: "required",
  table: {
    ...rows,
    winsock: {
      ipv4: withOwnMessage(rows.winsock.ipv4, Winsock.IPPROTO_IP, Winsock.IP_ECN),
      ipv6: withOwnMessage(rows.winsock.ipv6, Winsock.IPPROTO_IPV6, Winsock.IPV6_ECN)
    }
  }
})

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
 * Explicit congestion notification: the lower two bits of the traffic class byte. The upper six are `Dscp`'s and stay as they are.
 *
 * @see RFC 3168; RFC 9000 section 13.4; ws2ipdef.h, IP_ECN
 * @category messages
 * @since 0.1.0
 */
export interface Ecn extends ControlMessage<"ecn", Internet> {
  readonly received: {
    /** What routers say of congestion: `"ce"` when one was congested. */
    readonly ecn: EcnCodepoint
  }
  readonly sendable: {
    /** Whether this datagram's transport understands congestion marks. Absent: the socket's own. */
    readonly ecn?: EcnCodepoint | undefined
  }
}

/** By the number that stands in the header. */
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

/** Winsock: ECN has a message of its own for sending, which leaves the rest of the byte alone. */
const withOwnMessage = (
  row: Row<EcnCodepoint, EcnCodepoint>,
  level: number,
  type: number
): Row<EcnCodepoint, EcnCodepoint> => ({
  ...row,
  send: { level, type, payload: codepoint }
})

/**
 * The definition of `Ecn`. Sending it on Winsock rests on documents alone.
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

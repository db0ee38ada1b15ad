import { bytes } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * The IPv6 routing headers that a datagram arrived with, one value each, as they stood in the packet. Read only: Linux refuses the message
 * on sending.
 *
 * @see RFC 3542 section 7; RFC 8200 section 4.4
 * @category messages
 * @since 0.1.0
 */
export interface RoutingHeader extends ControlMessage<
  "routingHeader",
  "ipv6",
  "repeated",
  Capability<"routingHeader">
> {
  readonly received: {
    /** A routing header as in the packet: next header, length in units of 8 bytes without the first, type, segments left, data. */
    readonly routingHeader: Uint8Array
  }
}

/** A header is a multiple of 8 bytes, 2048 of them at the most (RFC 8200 section 4.4). */
const header = bytes({ minimum: 8, maximum: 2048 })

const row = (level: number, option: number, type: number): Row<Uint8Array, never> => ({
  request: on(level, option),
  arrives: [{ level, type, payload: header }]
})

/**
 * The definition of `RoutingHeader`.
 *
 * @category messages
 * @since 0.1.0
 */
export const RoutingHeader = define<RoutingHeader>({
  key: "routingHeader",
  presence: "repeated",
  table: {
    linux: { ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVRTHDR, Linux.IPV6_RTHDR) },
    darwin: { ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVRTHDR, Darwin.IPV6_RTHDR) },
    winsock: { ipv6: row(Winsock.IPPROTO_IPV6, Winsock.IPV6_RECVRTHDR, Winsock.IPV6_RTHDR) }
  }
})

import { type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import * as ExtensionHeader from "../ExtensionHeader.ts"
import { on } from "../internal/on.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * IPv6 hop-by-hop options of a datagram, which every router on the path reads.
 *
 * **Gotchas**
 *
 * Sending them requires a privilege (Linux: `CAP_NET_RAW`). Linux: a header that is sent with a datagram replaces all
 * sticky headers of its socket for that datagram. Many routers drop packets that have this header.
 *
 * @see RFC 8200 section 4.3; RFC 3542 section 8; ws2ipdef.h, IPV6_HOPOPTS
 * @category messages
 * @since 0.1.0
 */
export interface HopByHopOptions extends ControlMessage<
  "hopByHopOptions",
  "ipv6",
  "repeated",
  Capability<"hopByHopOptions">
> {
  readonly received: {
    /** The hop-by-hop options of the datagram: one header, or no header. */
    readonly hopByHopOptions: ExtensionHeader.OptionsHeader
  }
  readonly sendable: {
    /** Hop-by-hop options to send with the datagram. Absent: only the sticky ones of the socket. */
    readonly hopByHopOptions?: ExtensionHeader.OptionsToSend | undefined
  }
}

const row = (
  level: number,
  option: number,
  type: number,
  privilege?: string
): Row<ExtensionHeader.OptionsHeader, ExtensionHeader.OptionsToSend> => ({
  request: on(level, option),
  receive: [{ level, type, payload: ExtensionHeader.options }],
  send: { level, type, payload: ExtensionHeader.options, privilege }
})

/**
 * The definition of `HopByHopOptions`. Only the number in the headers supports the row of Winsock.
 *
 * @category messages
 * @since 0.1.0
 */
export const HopByHopOptions = define<HopByHopOptions>({
  key: "hopByHopOptions",
  presence: "repeated",
  table: {
    linux: { ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVHOPOPTS, Linux.IPV6_HOPOPTS, "CAP_NET_RAW") },
    darwin: { ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVHOPOPTS, Darwin.IPV6_HOPOPTS, "the privileges of root") },
    // Winsock: one number is both the option and the type of the message, as it is for packet information.
    winsock: { ipv6: row(Winsock.IPPROTO_IPV6, Winsock.IPV6_HOPOPTS, Winsock.IPV6_HOPOPTS) }
  }
})

import { type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import * as ExtensionHeader from "../ExtensionHeader.ts"
import { on } from "../internal/on.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * IPv6 routing headers of a datagram: the nodes on its path that it visited, or must visit.
 *
 * **Gotchas**
 *
 * Linux refuses a routing header with a single datagram, so sending has a capability of its own. Linux accepts one of
 * type 4 for the whole socket (`withStickyRoutingHeader`), without a privilege.
 *
 * @see RFC 8200 section 4.4; RFC 3542 section 7; ws2ipdef.h, IPV6_RTHDR and IPV6_RECVRTHDR
 * @category messages
 * @since 0.1.0
 */
export interface RoutingHeader extends ControlMessage<
  "routingHeader",
  "ipv6",
  "repeated",
  Capability<"routingHeader"> | Capability<"sentRoutingHeader">
> {
  readonly needs: (
    _: never
  ) =>
    | ("receive" extends this["direction"] ? Capability<"routingHeader"> : never)
    | ("send" extends this["direction"] ? Capability<"sentRoutingHeader"> : never)
  readonly received: {
    /** The routing headers of the datagram, in the order of the packet. */
    readonly routingHeader: ExtensionHeader.RoutingHeader
  }
  readonly sendable: {
    /** A routing header to send with the datagram. Absent: only the sticky one of the socket. */
    readonly routingHeader?: ExtensionHeader.RoutingHeaderToSend | undefined
  }
}

const row = (
  level: number,
  option: number,
  type: number
): Row<ExtensionHeader.RoutingHeader, ExtensionHeader.RoutingHeaderToSend> => ({
  request: on(level, option),
  receive: [{ level, type, payload: ExtensionHeader.routing }],
  send: { level, type, payload: ExtensionHeader.routing }
})

/**
 * The definition of `RoutingHeader`. Only the numbers in the headers support the rows of Winsock and macOS.
 *
 * @category messages
 * @since 0.1.0
 */
export const RoutingHeader = define<RoutingHeader>({
  key: "routingHeader",
  presence: "repeated",
  table: {
    linux: {
      ipv6: {
        ...row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVRTHDR, Linux.IPV6_RTHDR),
        // Linux: EINVAL for a header of any type (trap 26). Only the option accepts one, of type 4.
        send: {
          unsupported:
            "Linux takes no routing header with a datagram: one of type 4 goes with all of a socket's, as a sticky option"
        }
      }
    },
    darwin: { ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVRTHDR, Darwin.IPV6_RTHDR) },
    winsock: { ipv6: row(Winsock.IPPROTO_IPV6, Winsock.IPV6_RECVRTHDR, Winsock.IPV6_RTHDR) }
  }
})

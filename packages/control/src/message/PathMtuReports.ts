import { type ReceiveFormat, type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import type { Ipv6Address } from "../Ipv6Address.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import { readIpv6 } from "../SocketAddress.ts"

/**
 * Size of the largest packet that the path to a destination accepts. The kernel reports it if a datagram is too large
 * and must not be fragmented. IPv6, Linux and macOS.
 *
 * **Details**
 *
 * It is an event of the socket (`socket.events`), which arrives without a datagram. A `dual` socket gets reports only
 * for IPv6 destinations.
 *
 * @see RFC 3542 section 11.3, IPV6_RECVPATHMTU
 * @category messages
 * @since 0.1.0
 */
export interface PathMtuReports extends ControlMessage<
  "pathMtuReports",
  Internet,
  "optional",
  Capability<"pathMtuReports">
> {
  readonly event: {
    readonly destination: Ipv6Address
    /** Bytes of the largest packet, IP header included. */
    readonly mtu: number
  }
}

/** `struct ip6_mtuinfo`: a `sockaddr_in6` with port 0, then the MTU in host byte order. */
const mtuInfo: ReceiveFormat<PathMtuReports["event"]>["payload"] = {
  size: 32,
  read: (view, at) => ({
    destination: readIpv6(view, at + 8, view.getUint32(at + 24, true)),
    mtu: view.getUint32(at + 28, true)
  })
}

// Linux: a receive call returns no bytes, the destination as the peer, and only this message. poll does not report it.
const row = (level: number, option: number, type: number): Row<PathMtuReports["event"], never> => ({
  request: on(level, option),
  receive: [{ level, type, payload: mtuInfo, event: "pseudoDatagram" }]
})

const ipv4 = {
  unsupported: "for IPv4 the path MTU comes with the error of a datagram that was too large: declare withErrorReports()"
}
const winsock = { unsupported: "Windows has no message for the path MTU" }

/**
 * The definition of `PathMtuReports`.
 *
 * **Gotchas**
 *
 * Linux reports a send that it refused because of `IPV6_DONTFRAG`, but not because of path MTU discovery only. It
 * reports several refusals as one. The error of a router for a sent datagram is reported with the next refused one.
 *
 * @category messages
 * @since 0.1.0
 */
export const PathMtuReports = define<PathMtuReports>({
  key: "pathMtuReports",
  presence: "optional",
  table: {
    linux: { ipv4, ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVPATHMTU, Linux.IPV6_PATHMTU) },
    darwin: { ipv4, ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVPATHMTU, Darwin.IPV6_PATHMTU) },
    winsock: { ipv4: winsock, ipv6: winsock }
  }
})

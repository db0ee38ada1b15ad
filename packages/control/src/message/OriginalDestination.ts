import { type ReceiveFormat, type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import { type Endpoint, type Family, type Internet, InternetEndpoint } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import { Ipv4Address } from "../Ipv4Address.ts"
import * as Linux from "../platform/linux.ts"
import { readIpv6 } from "../SocketAddress.ts"

/**
 * Fields of a received datagram if `OriginalDestination` is declared.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceivedOriginalDestination<F extends Family> {
  /**
   * Destination to which the sender sent the datagram, address and port, before a transparent proxy changed it. Linux.
   */
  readonly originalDestination: Endpoint<F>
}

/**
 * Destination of a datagram before a transparent proxy (`TPROXY`) redirected it. Without a proxy it is the destination,
 * with its port. Linux.
 *
 * @see ip(7), IP_RECVORIGDSTADDR; Documentation/networking/tproxy.rst of Linux
 * @category messages
 * @since 0.1.0
 */
export interface OriginalDestination extends ControlMessage<
  "originalDestination",
  Internet,
  "required",
  Capability<"originalDestination">
> {
  readonly received: ReceivedOriginalDestination<this["family"]["is"]>
}

const row = <F extends "ipv4" | "ipv6">(
  level: number,
  option: number,
  payload: ReceiveFormat<InternetEndpoint<F>>["payload"]
): Row<InternetEndpoint<F>, never> => ({ request: on(level, option), receive: [{ level, type: option, payload }] })

/** `sockaddr_in`: port and address in network byte order. */
const name4: ReceiveFormat<InternetEndpoint<"ipv4">>["payload"] = {
  size: 16,
  read: (view, at) => new InternetEndpoint("ipv4", new Ipv4Address(view.getUint32(at + 4)), view.getUint16(at + 2))
}
/** `sockaddr_in6`, whose zone is in host byte order. */
const name6: ReceiveFormat<InternetEndpoint<"ipv6">>["payload"] = {
  size: 28,
  read: (view, at) =>
    new InternetEndpoint("ipv6", readIpv6(view, at + 8, view.getUint32(at + 24, true)), view.getUint16(at + 2))
}

const unsupported = { unsupported: "only Linux hands the datagrams of others to a transparent proxy" }

/**
 * The definition of `OriginalDestination`.
 *
 * @category messages
 * @since 0.1.0
 */
export const OriginalDestination = define<OriginalDestination>({
  key: "originalDestination",
  presence: "required",
  table: {
    linux: {
      ipv4: row(Linux.IPPROTO_IP, Linux.IP_RECVORIGDSTADDR, name4),
      ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVORIGDSTADDR, name6)
    },
    winsock: { ipv4: unsupported, ipv6: unsupported },
    darwin: { ipv4: unsupported, ipv6: unsupported }
  }
})

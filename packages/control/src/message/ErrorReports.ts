import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { asksForErrors, type ExtendedError, extendedErrors } from "../internal/extendedError.ts"

/**
 * What peers, routers and this host say of datagrams that did not get there: refused, out of hops, without a route, too large. Linux.
 *
 * **Details**
 *
 * An event of the socket, which comes with no datagram: `socket.events`.
 *
 * @see ip(7), IP_RECVERR; ipv6(7), IPV6_RECVERR
 * @category messages
 * @since 0.1.0
 */
export interface ErrorReports extends ControlMessage<"errorReports", Internet, "optional", Capability<"errorReports">> {
  /** Absent where the entry is no error: a stamp, the end of a zero-copy send. */
  readonly event: ExtendedError | undefined
}

const errors = extendedErrors((error) => (/^(local|icmp6?)$/.test(error.origin) ? error : undefined))

const unsupported = {
  // Winsock: IP_RECVERR and IPV6_RECVERR (75, since Windows 10 2004), documented, never run here.
  winsock: {
    unsupported: "Windows says neither which datagram an ICMP error is about nor who sent it"
  },
  darwin: { unsupported: "macOS has no error queue: a connected socket fails once with the error alone" }
}

/**
 * The definition of `ErrorReports`.
 *
 * **Gotchas**
 *
 * With it an unconnected socket is told of errors too, and the bare kernel fails the next receive or send with them, whomever that is for. A
 * socket of this library passes over them: its reads go on, and a send is made again.
 *
 * @category messages
 * @since 0.1.0
 */
export const ErrorReports = define<ErrorReports>({
  key: "errorReports",
  presence: "optional",
  table: {
    linux: {
      ipv4: { request: asksForErrors.ipv4, receive: [errors.ipv4] },
      ipv6: { request: asksForErrors.ipv6, receive: [errors.ipv6] }
    },
    winsock: { ipv4: unsupported.winsock, ipv6: unsupported.winsock },
    darwin: { ipv4: unsupported.darwin, ipv6: unsupported.darwin }
  }
})

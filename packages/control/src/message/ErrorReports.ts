import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { asksForErrors, type ExtendedError, extendedErrors } from "../internal/extendedError.ts"

/**
 * Errors that peers, routers and this host report for earlier datagrams: refused, hop limit exceeded, no route, too
 * large. Linux.
 *
 * **Details**
 *
 * It is an event of the socket (`socket.events`), which arrives without a datagram.
 *
 * @see ip(7), IP_RECVERR; ipv6(7), IPV6_RECVERR
 * @category messages
 * @since 0.1.0
 */
export interface ErrorReports extends ControlMessage<"errorReports", Internet, "optional", Capability<"errorReports">> {
  /** Absent if the entry is not an error: a stamp, or the end of a zero-copy send. */
  readonly event: ExtendedError | undefined
}

const errors = extendedErrors((error) => (/^(local|icmp6?)$/.test(error.origin) ? error : undefined))

const unsupported = {
  // Winsock: IP_RECVERR and IPV6_RECVERR (75, since Windows 10 2004) are documented, but no test has run them.
  winsock: {
    unsupported: "Windows reports neither the datagram nor the sender of an ICMP error"
  },
  darwin: { unsupported: "macOS has no error queue: a connected socket fails once with the error alone" }
}

/**
 * The definition of `ErrorReports`.
 *
 * **Gotchas**
 *
 * With this message the kernel reports errors to unconnected sockets, too. It then fails the next receive or send with
 * the error, whatever its peer. A socket of this library ignores that failure: it continues to read, and repeats the
 * send.
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

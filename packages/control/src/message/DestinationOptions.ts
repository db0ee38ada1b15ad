import { type Capability, type ControlMessage, define, type Message, type Row } from "../ControlMessage.ts"
import * as ExtensionHeader from "../ExtensionHeader.ts"
import { on } from "../internal/on.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

interface Fields {
  readonly received: {
    /**
     * The destination options headers of the datagram, in the order of the packet: before and after a routing header.
     */
    readonly destinationOptions: ExtensionHeader.OptionsHeader
  }
  readonly sendable: {
    /** Destination options to send with the datagram. Absent: only the sticky ones of the socket. */
    readonly destinationOptions?: ExtensionHeader.OptionsToSend | undefined
  }
}

/**
 * IPv6 destination options of a datagram, which only its destination reads. Linux and macOS.
 *
 * **Gotchas**
 *
 * Sending them requires a privilege (Linux: `CAP_NET_RAW`). Linux: a header that is sent with a datagram replaces all
 * sticky headers of its socket for that datagram.
 *
 * @see RFC 8200 section 4.6; RFC 3542 section 9; the WSAMSG page, IPV6_DSTOPTS
 * @category messages
 * @since 0.1.0
 */
export interface DestinationOptions extends ControlMessage<
  "destinationOptions",
  "ipv6",
  "repeated",
  Capability<"destinationOptions">
> {
  readonly received: Fields["received"]
  readonly sendable: Fields["sendable"]
}

/**
 * IPv6 destination options, for a program that knows the number that the headers of Windows lack.
 *
 * @category messages
 * @since 0.1.0
 */
export interface NumberedDestinationOptions extends ControlMessage<"destinationOptions", "ipv6", "repeated"> {
  readonly received: Fields["received"]
  readonly sendable: Fields["sendable"]
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

const posix = {
  linux: { ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVDSTOPTS, Linux.IPV6_DSTOPTS, "CAP_NET_RAW") },
  darwin: { ipv6: row(Darwin.IPPROTO_IPV6, Darwin.IPV6_RECVDSTOPTS, Darwin.IPV6_DSTOPTS, "the privileges of root") }
}

/**
 * The definition of `DestinationOptions`.
 *
 * @category messages
 * @since 0.1.0
 */
export const DestinationOptions = define<DestinationOptions>({
  key: "destinationOptions",
  presence: "repeated",
  table: {
    ...posix,
    winsock: {
      ipv6: {
        unsupported: "the documentation of WSAMSG names IPV6_DSTOPTS, and the headers of Windows give it no number"
      }
    }
  }
})

/**
 * Makes the definition of `NumberedDestinationOptions`. On Winsock `type` is both the option that requests the message
 * and the message's type, as for hop-by-hop options. Linux and macOS use their own numbers instead.
 *
 * @category messages
 * @since 0.1.0
 */
export const destinationOptions = (options: { readonly type: number }): Message<NumberedDestinationOptions> => {
  const { type } = optionsOf("destinationOptions", options)
  return define<NumberedDestinationOptions>({
    key: "destinationOptions",
    presence: "repeated",
    table: { ...posix, winsock: { ipv6: row(Winsock.IPPROTO_IPV6, type, type) } }
  })
}

/**
 * Sticky IPv6 extension headers, which go with every datagram of a socket. A value is the bytes of a header, as
 * `ExtensionHeader.buildOptions` and `buildRouting` make them. An empty value removes the header.
 *
 * **Gotchas**
 *
 * Linux omits all of them from a datagram that has a header of its own (`withHopByHopOptions`, `withDestinationOptions`).
 *
 * @see RFC 3542 section 4, 7, 8 and 9
 * @since 0.1.0
 */
import { type Capability, Codec, ExtensionHeader } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import { define, type SocketOption } from "./definition.ts"

// Linux: the maximum is 2040 bytes (EINVAL), although a header in control data may have 2048.
const size = { minimum: 0, maximum: 2040 }

const header = (validate: (bytes: Uint8Array) => string | undefined): Codec.Codec<Uint8Array> => ({
  ...Codec.bytes(size),
  validate: (value: unknown) => {
    if (!(value instanceof Uint8Array)) return `${Codec.format(value)} is not a Uint8Array`
    if (value.length > size.maximum) return `${value.length} bytes are more than the ${size.maximum} of a sticky header`
    return value.length === 0 ? undefined : validate(value)
  }
})

const options = header((bytes) => {
  const parsed = ExtensionHeader.parseOptions(bytes)
  return Codec.isMalformed(parsed) ? parsed.malformed : undefined
})
const routing = header((bytes) => {
  const parsed = ExtensionHeader.parseRouting(bytes)
  if (Codec.isMalformed(parsed)) return parsed.malformed
  return parsed.kind === "sourceRoute" ? "a routing header of type 0 must not be sent (RFC 5095)" : undefined
})

type Sticky = SocketOption<Uint8Array, "ipv6" | "dual", Capability<"stickyHeaders">>

const sticky = (
  name: string,
  linux: number,
  darwin: number,
  codec: Codec.Codec<Uint8Array>,
  privilege: { readonly linux?: string | undefined; readonly darwin?: string | undefined }
): Sticky =>
  define<Uint8Array, "ipv6" | "dual", Capability<"stickyHeaders">>({
    name,
    table: {
      linux: { ipv6: { level: Linux.IPPROTO_IPV6, option: linux, codec, privilege: privilege.linux } },
      darwin: { ipv6: { level: Darwin.IPPROTO_IPV6, option: darwin, codec, privilege: privilege.darwin } },
      winsock: {
        ipv6: { unsupported: "Windows documents no option whose header goes with every datagram of a socket" }
      }
    }
  })

const privileged = { linux: "CAP_NET_RAW", darwin: "the privileges of root" }

/**
 * Hop-by-hop options of every datagram without a header of its own. Linux (requires CAP_NET_RAW) and macOS.
 *
 * @see RFC 3542 section 8, IPV6_HOPOPTS
 * @category options
 * @since 0.1.0
 */
export const stickyHopByHopOptions: Sticky = sticky(
  "IPV6_HOPOPTS",
  Linux.IPV6_HOPOPTS,
  Darwin.IPV6_HOPOPTS,
  options,
  privileged
)

/**
 * Destination options of every datagram without a header of its own. Linux (requires CAP_NET_RAW) and macOS.
 *
 * @see RFC 3542 section 9, IPV6_DSTOPTS
 * @category options
 * @since 0.1.0
 */
export const stickyDestinationOptions: Sticky = sticky(
  "IPV6_DSTOPTS",
  Linux.IPV6_DSTOPTS,
  Darwin.IPV6_DSTOPTS,
  options,
  privileged
)

/**
 * Destination options before the sticky routing header, for every node that it visits. They are sent only together with that header. Linux
 * (requires CAP_NET_RAW) and macOS.
 *
 * @see RFC 3542 section 9, IPV6_RTHDRDSTOPTS
 * @category options
 * @since 0.1.0
 */
export const stickyRouteOptions: Sticky = sticky(
  "IPV6_RTHDRDSTOPTS",
  Linux.IPV6_RTHDRDSTOPTS,
  Darwin.IPV6_RTHDRDSTOPTS,
  options,
  privileged
)

/**
 * Routing header of every datagram without a header of its own. Linux and macOS.
 *
 * **Details**
 *
 * Linux accepts type 4 without a privilege. It writes the datagram's destination over the first address, and sends to the address at
 * `segmentsLeft`. Type 2 requires a kernel with Mobile IPv6.
 *
 * **Gotchas**
 *
 * Nodes on the way forward by segments only if they are configured to (Linux: `net.ipv6.conf.all.seg6_enabled` and the interface's). A
 * Linux node silently drops a packet that has another header before its segments. Therefore do not combine it with hop-by-hop options or
 * `stickyRouteOptions`.
 *
 * @see RFC 3542 section 7, IPV6_RTHDR; RFC 8754
 * @category options
 * @since 0.1.0
 */
export const stickyRoutingHeader: Sticky = sticky("IPV6_RTHDR", Linux.IPV6_RTHDR, Darwin.IPV6_RTHDR, routing, {
  darwin: "the privileges of root"
})

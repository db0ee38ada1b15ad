/**
 * Removes the IPv4 header from received ping messages. Programs do not set it, because payloads are the same on every platform.
 *
 * @since 0.1.0
 */
import * as Darwin from "@ancillary/control/platform/darwin"
import { define } from "./definition.ts"
import { flag } from "./values.ts"

const bare = { unsupported: "only macOS hands over the IPv4 header with an ICMP message" }

/**
 * Set by `Datagram.icmp4` on macOS.
 *
 * @see netinet/in.h, IP_STRIPHDR
 * @category options
 * @since 0.1.0
 */
export const stripHeader = define<boolean, "ipv4">({
  name: "IP_STRIPHDR",
  table: {
    linux: { ipv4: bare },
    darwin: { ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_STRIPHDR, codec: flag() } },
    winsock: { ipv4: bare }
  }
})

/**
 * Restricts an IPv6 socket to IPv6. Programs do not set it, because it follows from the family of the spec.
 *
 * @since 0.1.0
 */
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { define } from "./definition.ts"
import { flag } from "./values.ts"

/**
 * Set by `Datagram.ipv6` (on) and `Datagram.dual` (off), whatever the system's default is.
 *
 * @see ipv6(7), IPV6_V6ONLY; RFC 3493 section 5.3
 * @category options
 * @since 0.1.0
 */
export const ipv6Only = define<boolean, "ipv6" | "dual">({
  name: "IPV6_V6ONLY",
  table: {
    linux: { ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_V6ONLY, codec: flag() } },
    darwin: { ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_V6ONLY, codec: flag() } },
    winsock: { ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_V6ONLY, codec: flag() } }
  }
})

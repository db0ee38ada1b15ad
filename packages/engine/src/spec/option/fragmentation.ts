/**
 * What becomes of datagrams that are larger than a link takes.
 *
 * @since 0.1.0
 */
import type { Capability, Codec, Internet } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { internet } from "./cells.ts"
import { define } from "./definition.ts"
import { flag, enumeration } from "./values.ts"

/**
 * How a socket learns what its path takes, and what it does with more.
 *
 * **Details**
 *
 * - `"dont"`: never fragmentation forbidden; what is too large is fragmented, by this host or (IPv4) by a router.
 * - `"want"`: Linux's default. Fragmented to what the path is known to take; what is lost until that is known is lost. Winsock: not set.
 * - `"do"`: never fragmented. What is known to be too large is refused (`MessageTooLarge`), also for the path.
 * - `"probe"`: the same, but what is known of the path is passed over: for programs that probe it themselves.
 * - `"interface"`: the interface's own limit alone counts, and reports of routers are not believed. Linux.
 * - `"omit"`: as `"interface"`, but fragmented where it is too large. Linux.
 *
 * @category models
 * @since 0.1.0
 */
export type PathMtuMode = "dont" | "want" | "do" | "probe" | "interface" | "omit"

const linuxModes = enumeration<PathMtuMode>({ dont: 0, want: 1, do: 2, probe: 3, interface: 4, omit: 5 })
const lacking = (mode: string) => ({
  unsupported: `Windows has no mode "${mode}": it has "dont", "want", "do" and "probe"`
})
const winsockModes = enumeration<PathMtuMode>({
  dont: 2,
  want: 0,
  do: 1,
  probe: 3,
  interface: lacking("interface"),
  omit: lacking("omit")
})

/**
 * How path MTUs are discovered. What was learned of a connected socket's path, and how programs are told, is another matter.
 *
 * @see ip(7), IP_MTU_DISCOVER; ipv6(7), IPV6_MTU_DISCOVER; ws2ipdef.h, PMTUD_STATE
 * @category options
 * @since 0.1.0
 */
export const pathMtuDiscovery = define<PathMtuMode, Internet, Capability<"pathMtuDiscovery">>({
  name: "IP_MTU_DISCOVER/IPV6_MTU_DISCOVER",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_MTU_DISCOVER, ...linuxModes },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_MTU_DISCOVER, ...linuxModes }
    },
    darwin: internet({
      unsupported: "macOS has no modes of path MTU discovery: withDontFragment() forbids fragmenting"
    }),
    winsock: {
      // Winsock: other numbers than Linux's, though one header may have been copied from the other. Documentation only; Wine 8 lacks it.
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MTU_DISCOVER, ...winsockModes },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MTU_DISCOVER, ...winsockModes }
    }
  }
})

// Linux: IPv4 has no switch. On is IP_PMTUDISC_DO (2), off IP_PMTUDISC_DONT (0); it is on as well where somebody chose to probe (3).
const asMode: Codec.Codec<boolean> = {
  ...flag(),
  size: 4,
  read: (view, at) => [2, 3].includes(view.getInt32(at, true)),
  write: (view, at, value) => {
    view.setInt32(at, value ? 2 : 0, true)
    return 4
  }
}

/**
 * Whether datagrams that are larger than the path takes are refused (`MessageTooLarge`) and not fragmented.
 *
 * **Gotchas**
 *
 * On Linux it is `pathMtuDiscovery` by another name, with IPv4: the one that is set later counts.
 *
 * @see RFC 3542 section 11.2, IPV6_DONTFRAG; ip(7), IP_MTU_DISCOVER; ws2ipdef.h, IP_DONTFRAGMENT
 * @category options
 * @since 0.1.0
 */
export const dontFragment = define<boolean, Internet>({
  name: "IP_DONTFRAGMENT/IPV6_DONTFRAG",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_MTU_DISCOVER, codec: asMode },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_DONTFRAG, codec: flag() }
    },
    darwin: {
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_DONTFRAG, codec: flag() },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_DONTFRAG, codec: flag() }
    },
    winsock: {
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_DONTFRAGMENT, codec: flag() },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_DONTFRAG, codec: flag() }
    }
  }
})

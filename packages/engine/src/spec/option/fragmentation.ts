/**
 * Options for datagrams that are larger than the MTU of a link.
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
 * Mode of path MTU discovery, and the treatment of datagrams that are larger than the path MTU.
 *
 * **Details**
 *
 * - `"dont"`: fragmentation is always allowed. This host or (IPv4) a router fragments datagrams that are too large.
 * - `"want"`: Linux's default. This host fragments to the known path MTU. Datagrams are lost until it is known. Winsock: not set.
 * - `"do"`: fragmentation is forbidden. A datagram that is known to be too large, also for the path, is refused (`MessageTooLarge`).
 * - `"probe"`: fragmentation is forbidden, but the known path MTU is ignored. It is for programs that probe the path themselves.
 * - `"interface"`: only the interface's own MTU applies, and reports of routers are not trusted. Linux.
 * - `"omit"`: as `"interface"`, but datagrams that are too large are fragmented. Linux.
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
 * Mode of path MTU discovery. It does not return a discovered path MTU, and it does not set how one is reported.
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
      // Winsock: these numbers differ from Linux's, although one header may be a copy of the other. Documentation only; Wine 8 lacks the
      // option.
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MTU_DISCOVER, ...winsockModes },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MTU_DISCOVER, ...winsockModes }
    }
  }
})

// Linux: IPv4 has no switch. On is IP_PMTUDISC_DO (2), off is IP_PMTUDISC_DONT (0). It also reads as on if the program set the mode for
// probes (3).
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
 * Refuses datagrams that are larger than the path MTU (`MessageTooLarge`) instead of fragmenting them.
 *
 * **Gotchas**
 *
 * On Linux with IPv4 this option and `pathMtuDiscovery` set the same value. The later call applies.
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

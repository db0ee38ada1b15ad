/**
 * Options for the default header fields of every datagram, and for its treatment by the system. Control messages override the header
 * fields.
 *
 * @since 0.1.0
 */
import { type Capability, Codec, type Family, type Internet } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { anywhere, internet } from "./cells.ts"
import { define } from "./definition.ts"
import { flag, integer } from "./values.ts"

/**
 * Allows datagrams to broadcast addresses; without it a send fails with EACCES. IPv6 has no broadcast addresses.
 *
 * @see socket(7), SO_BROADCAST
 * @category options
 * @since 0.1.0
 */
export const broadcast = define<boolean, "ipv4" | "dual">({
  name: "SO_BROADCAST",
  table: {
    linux: { ipv4: { level: Linux.SOL_SOCKET, option: Linux.SO_BROADCAST, codec: flag() } },
    darwin: { ipv4: { level: Darwin.SOL_SOCKET, option: Darwin.SO_BROADCAST, codec: flag() } },
    winsock: { ipv4: { level: Winsock.SOL_SOCKET, option: Winsock.SO_BROADCAST, codec: flag() } }
  }
})

// Linux: 0 is EINVAL with IPv4 and is sent as 0 with IPv6; -1 is the system's default. Neither is a number of hops.
const hops = integer("a hop limit", 1, 255)

/**
 * Default TTL (IPv4) or hop limit (IPv6) of unicast datagrams, 1 to 255.
 *
 * @see ip(7), IP_TTL; RFC 3493 section 5.1, IPV6_UNICAST_HOPS
 * @category options
 * @since 0.1.0
 */
export const defaultHopLimit = define<number, Internet>({
  name: "IP_TTL/IPV6_UNICAST_HOPS",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_TTL, codec: hops },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_UNICAST_HOPS, codec: hops }
    },
    darwin: {
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_TTL, codec: hops },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_UNICAST_HOPS, codec: hops }
    },
    winsock: {
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_TTL, codec: hops },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_UNICAST_HOPS, codec: hops }
    }
  }
})

// Linux: IP_TOS keeps the low 8 bits of any int (256 is 0, -1 is 255), and IPV6_TCLASS accepts -1 for 0. This library sets the range.
const trafficClass = integer("a traffic class", 0, 255)

/**
 * Default traffic class of datagrams, 0 to 255: the DSCP times 4, plus the ECN bits. A control message for one of the two leaves the other
 * at this default.
 *
 * **Gotchas**
 *
 * Linux with IPv4 also sets the priority from it, so `defaultPriority` is set after it.
 *
 * @see ip(7), IP_TOS; RFC 3542 section 6.5, IPV6_TCLASS
 * @category options
 * @since 0.1.0
 */
export const defaultTrafficClass = define<number, Internet, Capability<"defaultTrafficClass">>({
  name: "IP_TOS/IPV6_TCLASS",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_TOS, codec: trafficClass },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_TCLASS, codec: trafficClass }
    },
    darwin: {
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_TOS, codec: trafficClass },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_TCLASS, codec: trafficClass }
    },
    // Winsock: IP_TOS succeeds and has no effect unless the registry enables it (IPPROTO_IP socket options: "do not use"). A request is
    // never dropped silently, so the option is absent here. Documentation only; Wine applies it.
    winsock: internet({
      unsupported: "Windows marks traffic by policy and ignores IP_TOS: withDscp() sends it with a datagram"
    })
  }
})

const linuxOnly = (what: string) => ({ unsupported: `only Linux ${what}` })

/**
 * Lets Linux generate a flow label for datagrams that have none. On by default.
 *
 * @see linux/in6.h, IPV6_AUTOFLOWLABEL; RFC 6437
 * @category options
 * @since 0.1.0
 */
export const autoFlowLabel = define<boolean, "ipv6" | "dual", Capability<"autoFlowLabel">>({
  name: "IPV6_AUTOFLOWLABEL",
  table: {
    linux: { ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_AUTOFLOWLABEL, codec: flag() } },
    darwin: { ipv6: linuxOnly("has a switch for flow labels") },
    winsock: { ipv6: linuxOnly("has a switch for flow labels") }
  }
})

/**
 * Default priority of datagrams in the queues of a device, 0 to 4294967295. Linux; a value above 6 requires CAP_NET_ADMIN.
 *
 * @see socket(7), SO_PRIORITY
 * @category options
 * @since 0.1.0
 */
export const defaultPriority = define<number, Family, Capability<"defaultPriority">>({
  name: "SO_PRIORITY",
  table: {
    linux: anywhere({
      level: Linux.SOL_SOCKET,
      option: Linux.SO_PRIORITY,
      codec: Codec.uint32,
      privilege: "CAP_NET_ADMIN"
    }),
    darwin: anywhere(linuxOnly("queues by a socket's priority")),
    winsock: anywhere(linuxOnly("queues by a socket's priority"))
  }
})

/**
 * Default mark of datagrams, for firewall rules and routes, 0 to 4294967295. Linux; requires CAP_NET_ADMIN.
 *
 * @see socket(7), SO_MARK
 * @category options
 * @since 0.1.0
 */
export const defaultMark = define<number, Internet, Capability<"defaultMark">>({
  name: "SO_MARK",
  table: {
    linux: internet({
      level: Linux.SOL_SOCKET,
      option: Linux.SO_MARK,
      codec: Codec.uint32,
      privilege: "CAP_NET_ADMIN"
    }),
    darwin: internet(linuxOnly("marks packets")),
    winsock: internet(linuxOnly("marks packets"))
  }
})

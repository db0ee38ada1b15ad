/**
 * How datagrams go to groups, and which groups are heard. Joining them is `socket.join`.
 *
 * @since 0.1.0
 */
import { type Capability, type Codec, type Internet } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { internet } from "./cells.ts"
import { define } from "./definition.ts"
import { flag, integer, interfaceIndex, validateIndex } from "./values.ts"

/** `ip_mreqn`: two addresses, of which nothing is said, and the index. */
const mreqn: Codec.Codec<number | undefined> = {
  size: 12,
  read: (_, offset) => ({ malformed: "an address is not an index", offset }),
  write: (view, at, value) => {
    view.setUint32(at, 0)
    view.setUint32(at + 4, 0)
    view.setInt32(at + 8, value ?? 0, true)
    return 12
  },
  validate: validateIndex
}

/** Winsock: an address of 0.0.0.0/8 is an index in network order; another is the address of an interface, which somebody else set. */
const indexAsAddress: Codec.Codec<number | undefined> = {
  ...interfaceIndex("network"),
  read: (view, at) => {
    const number = view.getUint32(at)
    if (number === 0) return undefined
    return number <= 0xffffff ? number : { malformed: "an interface by its address", offset: at }
  },
  validate: (value) =>
    value !== undefined && value > 0xffffff
      ? `${value} is more than the 16777215 that an index may be here`
      : validateIndex(value)
}

/**
 * The interface that datagrams to groups leave by where the packet information names none, by its index; `undefined`: as the routes say.
 *
 * **Gotchas**
 *
 * Linux does not tell it for IPv4: `getOption` fails with `Unsupported` there.
 *
 * @see ip(7), IP_MULTICAST_IF; ipv6(7), IPV6_MULTICAST_IF; RFC 3493 section 5.2
 * @category options
 * @since 0.1.0
 */
export const multicastInterface = define<number | undefined, Internet>({
  name: "IP_MULTICAST_IF/IPV6_MULTICAST_IF",
  table: {
    linux: {
      ipv4: {
        level: Linux.IPPROTO_IP,
        option: Linux.IP_MULTICAST_IF,
        codec: mreqn,
        writeOnly: "Linux answers with the interface's address, and with 0.0.0.0 where it was set by index"
      },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_MULTICAST_IF, codec: interfaceIndex("host") }
    },
    darwin: {
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_MULTICAST_IFINDEX, codec: interfaceIndex("host") },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_MULTICAST_IF, codec: interfaceIndex("host") }
    },
    winsock: {
      // Wine takes addresses alone here: WSAEINVAL for an index.
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MULTICAST_IF, codec: indexAsAddress },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MULTICAST_IF, codec: interfaceIndex("host") }
    }
  }
})

const hops = (bytes: 1 | 4 = 4) => integer("a hop limit for groups", 0, 255, bytes)

/**
 * Hops granted to datagrams that go to groups, 0 to 255: 0 keeps them on this host, 1 (the systems' default) on the link.
 *
 * @see ip(7), IP_MULTICAST_TTL; RFC 3493 section 5.2, IPV6_MULTICAST_HOPS
 * @category options
 * @since 0.1.0
 */
export const multicastHopLimit = define<number, Internet>({
  name: "IP_MULTICAST_TTL/IPV6_MULTICAST_HOPS",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_MULTICAST_TTL, codec: hops() },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_MULTICAST_HOPS, codec: hops() }
    },
    darwin: {
      // Darwin: an unsigned char for IPv4, an int for IPv6.
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_MULTICAST_TTL, codec: hops(1) },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_MULTICAST_HOPS, codec: hops() }
    },
    winsock: {
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MULTICAST_TTL, codec: hops() },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MULTICAST_HOPS, codec: hops() }
    }
  }
})

/**
 * Whether this host hears what it sends to groups that it has joined. On by default.
 *
 * **Gotchas**
 *
 * Linux and macOS heed the option of the socket that sends, Windows that of the socket that receives: where both are to agree, set it on both.
 *
 * @see ip(7), IP_MULTICAST_LOOP; RFC 3493 section 5.2, IPV6_MULTICAST_LOOP
 * @category options
 * @since 0.1.0
 */
export const multicastLoopback = define<boolean, Internet>({
  name: "IP_MULTICAST_LOOP/IPV6_MULTICAST_LOOP",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_MULTICAST_LOOP, codec: flag() },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_MULTICAST_LOOP, codec: flag() }
    },
    darwin: {
      // Darwin: an unsigned char for IPv4, an int for IPv6.
      ipv4: { level: Darwin.IPPROTO_IP, option: Darwin.IP_MULTICAST_LOOP, codec: flag(1) },
      ipv6: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_MULTICAST_LOOP, codec: flag() }
    },
    winsock: {
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MULTICAST_LOOP, codec: flag() },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MULTICAST_LOOP, codec: flag() }
    }
  }
})

const own = { unsupported: "a socket hears the groups that it has joined itself, which only Linux has to be told" }

/**
 * Whether a socket bound to no group hears every group that any socket of the host has joined. On by default, on Linux alone: off, it hears
 * those that it has joined itself.
 *
 * **Gotchas**
 *
 * A dual socket hears others' IPv6 groups and not their IPv4 ones until it is set, either way.
 *
 * @see ip(7), IP_MULTICAST_ALL; linux/in6.h, IPV6_MULTICAST_ALL (Linux 4.20)
 * @category options
 * @since 0.1.0
 */
export const multicastAll = define<boolean, Internet, Capability<"multicastAll">>({
  name: "IP_MULTICAST_ALL/IPV6_MULTICAST_ALL",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_MULTICAST_ALL, codec: flag() },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_MULTICAST_ALL, codec: flag() }
    },
    darwin: internet(own),
    winsock: internet(own)
  }
})

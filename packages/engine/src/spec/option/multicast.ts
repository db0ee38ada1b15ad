/**
 * Options for sending multicast datagrams and for filtering received ones. `socket.join` joins groups.
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

/** `ip_mreqn`: two addresses, which stay unspecified, and the interface index. */
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

/** Winsock: an address of 0.0.0.0/8 is an index in network order. Another address belongs to an interface, and other code has set it. */
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
 * Outgoing interface of multicast datagrams whose packet information has no interface, by its index. With `undefined` the routing table
 * decides.
 *
 * **Gotchas**
 *
 * Linux does not return it for IPv4, so `getOption` fails with `Unsupported` there.
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
      // Wine accepts only addresses here, and fails with WSAEINVAL for an index.
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_MULTICAST_IF, codec: indexAsAddress },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_MULTICAST_IF, codec: interfaceIndex("host") }
    }
  }
})

const hops = (bytes: 1 | 4 = 4) => integer("a hop limit for groups", 0, 255, bytes)

/**
 * Hop limit of multicast datagrams, 0 to 255. With 0 they stay on this host, with 1 (the systems' default) on the link.
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
 * Delivers multicast datagrams that this host sends to its own members of the group. On by default.
 *
 * **Gotchas**
 *
 * Linux and macOS use the option of the sender, Windows that of the receiver. To get the same result on all of them, set it on both.
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

const own = {
  unsupported: "a socket receives only the groups that it joined itself; only Linux needs an option for that"
}

/**
 * Receives datagrams of every group that any socket of the host has joined. If it is off, only groups that this socket has joined are
 * received. Linux, where it is on by default. It applies to sockets that are not bound to a group.
 *
 * **Gotchas**
 *
 * Until it is set to either value, a dual socket receives other sockets' IPv6 groups and not their IPv4 groups.
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

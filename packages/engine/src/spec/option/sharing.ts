/**
 * Options that share an address, reserve it, or allow one that this host does not have.
 *
 * @since 0.1.0
 */
import type { Capability, Internet } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { internet } from "./cells.ts"
import { define } from "./definition.ts"
import { flag } from "./values.ts"

/**
 * Binds even if another socket has the address, or had it a moment ago.
 *
 * **Gotchas**
 *
 * - Winsock: another program with this option may take over the address.
 * - Linux: sockets that all have the option share an address. The last one bound receives the unicast datagrams.
 * - macOS: several sockets may have the address only if it is a multicast address.
 *
 * @see socket(7), SO_REUSEADDR
 * @category options
 * @since 0.1.0
 */
export const reuseAddress = define<boolean, Internet>({
  name: "SO_REUSEADDR",
  table: {
    linux: internet({ level: Linux.SOL_SOCKET, option: Linux.SO_REUSEADDR, codec: flag() }),
    darwin: internet({ level: Darwin.SOL_SOCKET, option: Darwin.SO_REUSEADDR, codec: flag() }),
    winsock: internet({ level: Winsock.SOL_SOCKET, option: Winsock.SO_REUSEADDR, codec: flag() })
  }
})

/**
 * Lets several sockets of one user share an address, if all of them set this option. Linux spreads the peers over them, macOS does not.
 *
 * @see socket(7), SO_REUSEPORT
 * @category options
 * @since 0.1.0
 */
export const reusePort = define<boolean, Internet, Capability<"reusePort">>({
  name: "SO_REUSEPORT",
  table: {
    linux: internet({ level: Linux.SOL_SOCKET, option: Linux.SO_REUSEPORT, codec: flag() }),
    darwin: internet({ level: Darwin.SOL_SOCKET, option: Darwin.SO_REUSEPORT, codec: flag() }),
    winsock: internet({
      unsupported:
        "Windows does not spread peers over sockets; its SO_REUSEADDR lets another program take over the address"
    })
  }
})

/**
 * Reserves the address for this socket, whatever options other sockets set. Set it before the socket is bound.
 *
 * @see winsock2.h, SO_EXCLUSIVEADDRUSE
 * @category options
 * @since 0.1.0
 */
export const exclusiveUse = define<boolean, Internet, Capability<"exclusiveUse">>({
  name: "SO_EXCLUSIVEADDRUSE",
  table: {
    linux: internet({ unsupported: "on Linux an address is exclusive unless its socket allows sharing" }),
    darwin: internet({ unsupported: "on macOS an address is exclusive unless its socket allows sharing" }),
    winsock: internet({ level: Winsock.SOL_SOCKET, option: Winsock.SO_EXCLUSIVEADDRUSE, codec: flag() })
  }
})

const linuxOnly = { unsupported: "only Linux lets a socket have an address that the host does not have" }

/**
 * Allows a bind to an address that this host does not have, or not yet. On IPv6 a datagram may also be sent from such an address. It
 * requires no privilege.
 *
 * **Gotchas**
 *
 * With IPv4 a datagram with a source address that this host does not have is still refused (ENETUNREACH). It requires `transparent`.
 *
 * @see ip(7), IP_FREEBIND; linux/in6.h, IPV6_FREEBIND
 * @category options
 * @since 0.1.0
 */
export const freebind = define<boolean, Internet, Capability<"freebind">>({
  name: "IP_FREEBIND/IPV6_FREEBIND",
  table: {
    linux: {
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_FREEBIND, codec: flag() },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_FREEBIND, codec: flag() }
    },
    darwin: internet(linuxOnly),
    winsock: internet(linuxOnly)
  }
})

/**
 * Receives datagrams to other hosts that a firewall rule diverts here, and sends from addresses that this host does not have. It requires
 * CAP_NET_ADMIN.
 *
 * @see ip(7), IP_TRANSPARENT; linux/in6.h, IPV6_TRANSPARENT; Documentation/networking/tproxy.rst
 * @category options
 * @since 0.1.0
 */
export const transparent = define<boolean, Internet, Capability<"transparent">>({
  name: "IP_TRANSPARENT/IPV6_TRANSPARENT",
  table: {
    linux: {
      ipv4: {
        level: Linux.IPPROTO_IP,
        option: Linux.IP_TRANSPARENT,
        codec: flag(),
        privilege: "CAP_NET_ADMIN"
      },
      ipv6: {
        level: Linux.IPPROTO_IPV6,
        option: Linux.IPV6_TRANSPARENT,
        codec: flag(),
        privilege: "CAP_NET_ADMIN"
      }
    },
    darwin: internet(linuxOnly),
    winsock: internet(linuxOnly)
  }
})

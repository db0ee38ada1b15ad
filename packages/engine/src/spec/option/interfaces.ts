/**
 * Options for the interface that a socket uses.
 *
 * @since 0.1.0
 */
import { type Capability, Codec, type Internet } from "@ancillary/control"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"
import { internet } from "./cells.ts"
import { define } from "./definition.ts"
import { interfaceIndex } from "./values.ts"

/** IFNAMSIZ: up to 15 characters and a NUL. */
const nameBytes = 16

const deviceName: Codec.Codec<string | undefined> = {
  size: { minimum: 0, maximum: nameBytes },
  // Linux: returns no bytes if the socket is not bound to an interface.
  read: (view, at, length) => {
    let name = ""
    for (let i = 0; i < length && view.getUint8(at + i) !== 0; i++) name += String.fromCharCode(view.getUint8(at + i))
    return name === "" ? undefined : name
  },
  write: (view, at, value = "") => {
    for (let i = 0; i <= value.length; i++) view.setUint8(at + i, i < value.length ? value.charCodeAt(i) : 0)
    return value.length + 1
  },
  validate: (value) =>
    value === undefined || (typeof value === "string" && /^[\x21-\x7e]{1,15}$/.test(value))
      ? undefined
      : `${Codec.format(value)} is not the name of an interface: 1 to 15 characters`
}

/**
 * Restricts the socket to one interface, by its name, in both directions. `undefined` removes the restriction. Linux.
 *
 * **Gotchas**
 *
 * The first bind requires no privilege. A change or a removal requires CAP_NET_RAW. With IPv4, a datagram whose packet information names
 * another interface still leaves by that interface.
 *
 * @see socket(7), SO_BINDTODEVICE
 * @category options
 * @since 0.1.0
 */
export const bindToDevice = define<string | undefined, Internet, Capability<"bindToDevice">>({
  name: "SO_BINDTODEVICE",
  table: {
    linux: internet({
      level: Linux.SOL_SOCKET,
      option: Linux.SO_BINDTODEVICE,
      codec: deviceName,
      privilege: "CAP_NET_RAW"
    }),
    darwin: internet({ unsupported: "macOS binds to an interface by index (IP_BOUND_IF), not by name" }),
    winsock: internet({ unsupported: "Windows has no option that binds a socket to a device" })
  }
})

/**
 * Outgoing interface of unicast datagrams whose packet information has no interface, by its index. With `undefined` the routing table
 * decides. It does not restrict received datagrams.
 *
 * @see ip(7), IP_UNICAST_IF; ws2ipdef.h, IP_UNICAST_IF, IPV6_UNICAST_IF
 * @category options
 * @since 0.1.0
 */
export const unicastInterface = define<number | undefined, Internet, Capability<"unicastInterface">>({
  name: "IP_UNICAST_IF/IPV6_UNICAST_IF",
  table: {
    linux: {
      // Linux: both take the index in network order. In host order it is the index of another interface, or fails with EADDRNOTAVAIL. Shown
      // by options.test.ts.
      ipv4: { level: Linux.IPPROTO_IP, option: Linux.IP_UNICAST_IF, codec: interfaceIndex("network") },
      ipv6: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_UNICAST_IF, codec: interfaceIndex("network") }
    },
    darwin: internet({ unsupported: "macOS has IP_BOUND_IF alone, which restricts receiving too" }),
    winsock: {
      // Winsock: "network byte order" for IPv4, host order for IPv6 (IPPROTO_IPV6 socket options). Wine passes both unchanged to its host,
      // and Linux requires network order.
      ipv4: { level: Winsock.IPPROTO_IP, option: Winsock.IP_UNICAST_IF, codec: interfaceIndex("network") },
      ipv6: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_UNICAST_IF, codec: interfaceIndex("host") }
    }
  }
})

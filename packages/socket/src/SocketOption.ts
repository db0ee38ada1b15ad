/**
 * Socket options, as definitions: how each platform sets one, or why it does not.
 *
 * @since 0.1.0
 */
import { type Absence, Codec, type Platform } from "@ancillary/control"
import * as Darwin from "@ancillary/control/platform/darwin"
import * as Linux from "@ancillary/control/platform/linux"
import * as Winsock from "@ancillary/control/platform/winsock"

/**
 * One option: a name as the errors say it, and the level and number on each platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOption {
  readonly name: string
  readonly table: { readonly [P in Platform]: { readonly level: number; readonly option: number } | Absence }
  readonly encode: (value: number | string) => Uint8Array
  /** Why a value cannot be set, or nothing. Asked at `bind`, before the socket is opened. */
  readonly refuse: (value: number | string) => string | undefined
}

const int = (value: number | string): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, Number(value), true)
  return bytes
}

const size = (value: number | string): string | undefined =>
  Codec.isInteger(value, 1, 0x3fffffff)
    ? undefined
    : `${Codec.shown(value)} is not a size in bytes: an integer from 1 to 1073741823`

const socketLevel = (linux: number, darwin: number, winsock: number): SocketOption["table"] => ({
  linux: { level: Linux.SOL_SOCKET, option: linux },
  darwin: { level: Darwin.SOL_SOCKET, option: darwin },
  winsock: { level: Winsock.SOL_SOCKET, option: winsock }
})

/**
 * Binds although another socket has the address, or had it a moment ago.
 *
 * **Gotchas**
 *
 * Winsock: another program may take over the address with this option; Linux and macOS let several sockets have it only for multicast.
 *
 * @see socket(7), SO_REUSEADDR
 * @category options
 * @since 0.1.0
 */
export const reuseAddress: SocketOption = {
  name: "SO_REUSEADDR",
  table: socketLevel(Linux.SO_REUSEADDR, Darwin.SO_REUSEADDR, Winsock.SO_REUSEADDR),
  encode: int,
  refuse: () => undefined
}

/**
 * Bytes that the kernel keeps for datagrams nobody has read yet.
 *
 * **Gotchas**
 *
 * Linux doubles what is asked (its own bookkeeping counts) and caps it at `net.core.rmem_max` without a word.
 *
 * @see socket(7), SO_RCVBUF
 * @category options
 * @since 0.1.0
 */
export const receiveBufferSize: SocketOption = {
  name: "SO_RCVBUF",
  table: socketLevel(Linux.SO_RCVBUF, Darwin.SO_RCVBUF, Winsock.SO_RCVBUF),
  encode: int,
  refuse: size
}

/**
 * Bytes that the kernel keeps for datagrams it has not sent yet. Linux doubles and caps it (`net.core.wmem_max`).
 *
 * @see socket(7), SO_SNDBUF
 * @category options
 * @since 0.1.0
 */
export const sendBufferSize: SocketOption = {
  name: "SO_SNDBUF",
  table: socketLevel(Linux.SO_SNDBUF, Darwin.SO_SNDBUF, Winsock.SO_SNDBUF),
  encode: int,
  refuse: size
}

/**
 * Receives and sends through one interface only, by its name. Linux.
 *
 * @see socket(7), SO_BINDTODEVICE
 * @category options
 * @since 0.1.0
 */
export const bindToDevice: SocketOption = {
  name: "SO_BINDTODEVICE",
  table: {
    linux: { level: Linux.SOL_SOCKET, option: Linux.SO_BINDTODEVICE },
    darwin: { absent: "macOS binds to an interface by index (IP_BOUND_IF), not by name" },
    winsock: { absent: "Windows has no option that binds a socket to a device" }
  },
  encode: (value) => Uint8Array.from(`${value}\0`, (char) => char.charCodeAt(0)),
  refuse: (value) =>
    typeof value === "string" && /^[\x21-\x7e]{1,15}$/.test(value)
      ? undefined
      : `${Codec.shown(value)} is not the name of an interface: 1 to 15 characters`
}

/**
 * Whether an IPv6 socket serves IPv6 alone. Set by `Datagram.ipv6` (on) and `Datagram.dual` (off), whatever the system's default.
 *
 * @see ipv6(7), IPV6_V6ONLY; RFC 3493 section 5.3
 * @category options
 * @since 0.1.0
 */
export const ipv6Only: SocketOption = {
  name: "IPV6_V6ONLY",
  table: {
    linux: { level: Linux.IPPROTO_IPV6, option: Linux.IPV6_V6ONLY },
    darwin: { level: Darwin.IPPROTO_IPV6, option: Darwin.IPV6_V6ONLY },
    winsock: { level: Winsock.IPPROTO_IPV6, option: Winsock.IPV6_V6ONLY }
  },
  encode: int,
  refuse: () => undefined
}

/**
 * The seam between what is portable and what is native: `@ancillary/posix`, `@ancillary/winsock` and `@ancillary/testing` implement it.
 *
 * Synchronous, free of Effect, faults as values: everything scoped, interruptible, streaming or typed is built once, above. No member is here
 * that only one driver could have, so a fault injector is a wrapper of a few lines and an in-memory network is one more driver.
 *
 * @since 0.1.0
 */
import type { Abi, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { Arena, ArenaLayout } from "./Arena.ts"

/**
 * What went wrong, as the platform names it: `{ syscall: "bind", code: "EADDRINUSE", errno: 98 }`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fault {
  readonly syscall: string
  readonly code: string
  readonly errno: number
}

/**
 * Whether a call of a driver failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isFault = (value: unknown): value is Fault =>
  typeof value === "object" && value !== null && "errno" in value

/**
 * What to open: a family of addresses and what is spoken on it (`icmp`: unprivileged ping).
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketKind {
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly protocol: "udp" | "icmp" | "unix"
}

/**
 * One of the host's network interfaces, as the system tells of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkInterface {
  /** What control messages and the zone of an address call it, 1 and up. Another interface may have it once this one is gone. */
  readonly index: number
  /** As the system's own tools show it: `eth0`, `Ethernet 2`. */
  readonly name: string
  /** Its addresses, each with the number of leading bits that its network shares. */
  readonly addresses: ReadonlyArray<{ readonly address: Ipv4Address | Ipv6Address; readonly prefix: number }>
  readonly up: boolean
  readonly loopback: boolean
  readonly multicast: boolean
}

/**
 * Opens sockets and owns the native memory that they read into and send from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Driver {
  readonly abi: Abi
  /** Winsock: the build of Windows (20348 is Server 2022), for what a single build breaks. Absent elsewhere. */
  readonly build?: number | undefined
  /** The arena of a layout. A driver keeps one for each layout in use; sockets share it, for the length of one synchronous call. */
  readonly arena: (layout: ArenaLayout) => Arena
  /** Non-blocking, close-on-exec, not inherited. */
  readonly open: (kind: SocketKind) => NativeSocket | Fault
  /** Two Unix datagram sockets, connected to each other. */
  readonly pair: () => readonly [NativeSocket, NativeSocket] | Fault
  /** A socket that was made elsewhere, owned from here on; a fault where it is none, or not of that kind, and it stays as it was. */
  readonly adopt: (descriptor: number, kind: SocketKind) => NativeSocket | Fault
  /** Closes a descriptor that is no socket of this driver's: one that arrived with a datagram. */
  readonly release: (descriptor: number) => Fault | undefined
  /** The host's interfaces, those that are down and those without an address among them. */
  readonly interfaces: () => ReadonlyArray<NetworkInterface> | Fault
  /** What an error number is called, for numbers that come in messages. */
  readonly errorName: (errno: number) => string
}

/**
 * A socket of the platform. Every call on a closed one is a `Fault`, never a call on a number that another socket has by now.
 *
 * @category models
 * @since 0.1.0
 */
export interface NativeSocket {
  /** The file descriptor, or the SOCKET. */
  readonly descriptor: number
  readonly setOption: (level: number, option: number, value: Uint8Array) => Fault | undefined
  /** Bytes of the value, which is in `into`. */
  readonly getOption: (level: number, option: number, into: Uint8Array) => number | Fault
  /** Bytes of the answer, which is in `output`. */
  readonly ioctl: (code: number, input: Uint8Array, output: Uint8Array) => number | Fault
  readonly bind: (name: Uint8Array) => Fault | undefined
  /** Without a name: disconnects. */
  readonly connect: (name: Uint8Array | undefined) => Fault | undefined
  readonly localName: (into: Uint8Array) => number | Fault
  /** The same of the peer that it is connected to, as datagrams from there name it. */
  readonly peerName: (into: Uint8Array) => number | Fault
  /** Slots filled, from 0; 0 where nothing is there. A fault after some were filled comes with the next call. */
  readonly receive: (arena: Arena, slots: number, peek: boolean) => number | Fault
  /** The same, of what the kernel has to tell about earlier sends (Linux's error queue); 0 where there is no such queue. */
  readonly receiveErrors: (arena: Arena, slots: number) => number | Fault
  /** Slots sent, from `first`; 0 where the send buffer is full. */
  readonly send: (arena: Arena, first: number, slots: number) => number | Fault
  /**
   * One registration a socket, its callback never called before `on` asks for something. `failed`, with both of the others: an error is
   * pending on the socket, or its error queue has something. That ends the interest until the next `on`.
   */
  readonly watch: (onReady: (readable: boolean, writable: boolean, failed: boolean) => void) => Watch | Fault
  readonly close: () => Fault | undefined
}

/**
 * A socket's registration with the event loop.
 *
 * @category models
 * @since 0.1.0
 */
export interface Watch {
  /** What to report from now on; nothing for none. `failed` is reported with each, and alone where only that is asked for. The same again costs nothing. */
  readonly on: (readable: boolean, writable: boolean, failed?: boolean) => void
  readonly close: () => void
}

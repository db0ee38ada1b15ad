/**
 * The seam between portable and native code: `@ancillary/posix`, `@ancillary/winsock` and `@ancillary/testing` implement it.
 *
 * Calls are synchronous and return faults as values. Scopes, interruption, streams and types are built once, above. Every driver can implement
 * every required member, so a fault injector is a small wrapper and an in-memory network is one more driver.
 *
 * @since 0.1.0
 */
import type { Abi, Ipv4Address, Ipv6Address } from "@ancillary/control"
import type { Arena, ArenaLayout } from "./Arena.ts"

/**
 * A failed call, with the platform's name of the error: `{ syscall: "bind", code: "EADDRINUSE", errno: 98 }`.
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
 * Returns whether a call of a driver failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isFault = (value: unknown): value is Fault =>
  // Batches of datagrams are arrays. The search for a key in them would cost as much as the rest of the test.
  typeof value === "object" && value !== null && !Array.isArray(value) && "errno" in value

/**
 * The reason why a driver cannot run here, for example another system or a missing native part.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unavailable {
  /** The function or option that the program used. */
  readonly feature: string
  /** The reason, without a full stop. */
  readonly why: string
  /** An imperative sentence without a full stop. */
  readonly remedy: string
}

/**
 * Returns whether making a driver failed.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUnavailable = (value: unknown): value is Unavailable =>
  typeof value === "object" && value !== null && "remedy" in value

/**
 * An address family and a protocol (`icmp`: unprivileged ping).
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketKind {
  readonly family: "ipv4" | "ipv6" | "unix"
  readonly protocol: "udp" | "icmp" | "unix"
}

/**
 * An address of an interface, and its state if the system reports it: Linux reports all four, Windows three (by `DadState`), macOS none.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceAddress {
  /** A link-local IPv6 address has the index of its interface as its zone. */
  readonly address: Ipv4Address | Ipv6Address
  /** Leading bits that its network shares: 0 to 32, or to 128. */
  readonly prefix: number
  /**
   * The system still looks for another host with this address (duplicate address detection). `bind` and sending from it fail until that ends,
   * mostly after one or two seconds. False for an address that Linux lets be used meanwhile (`IFA_F_OPTIMISTIC`).
   */
  readonly tentative?: boolean | undefined
  /** Another host has this address: it cannot be used. */
  readonly duplicate?: boolean | undefined
  /** Its preferred lifetime is over: it works, and new conversations should begin from another one. */
  readonly deprecated?: boolean | undefined
  /** IPv6: made up for privacy and replaced after a while (RFC 8981). Linux only. */
  readonly temporary?: boolean | undefined
}

/**
 * A network interface of the host, as the system reports it. Its identity is its index.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkInterface {
  /** Number in control messages and in the zone of an address, from 1. Another interface may get it once this one is gone. */
  readonly index: number
  /**
   * Name in the tools of the system: `eth0`, `Ethernet 2`. The label of an IPv4 address is not a name. Linux: if a name is not UTF-8, each byte from
   * 0x80 is read as the character U+DC00 above it.
   */
  readonly name: string
  /** Its addresses of both families. */
  readonly addresses: ReadonlyArray<InterfaceAddress>
  /** True if the interface is switched on, and on Windows if it also works. */
  readonly up: boolean
  /** It is up and has a carrier: its cable is plugged in, its radio associated. Absent on macOS. */
  readonly running?: boolean | undefined
  readonly loopback: boolean
  readonly multicast: boolean
  /** Largest packet in bytes, IP header included. Absent if the system sets no limit or does not report one. */
  readonly mtu?: number | undefined
  /**
   * Kind of the interface. Linux: the kind of a device that software made (`veth`, `bridge`, `vlan`, `vrf`, `wireguard`, `tun`) or `wlan`.
   * Other Linux interfaces have the name of their link layer (`ethernet`, `loopback`, `ppp`). Windows: by its `IfType` (`ethernet`, `wlan`,
   * `loopback`, `ppp`, `tunnel`). Absent on macOS.
   */
  readonly kind?: string | undefined
  /** Link-layer address, two hexadecimal digits a byte: `02:42:ac:11:00:02`. Absent if it has none, and on macOS. */
  readonly hardwareAddress?: string | undefined
  /** Linux: index of the bridge, bond or VRF that it is a part of. */
  readonly master?: number | undefined
}

/**
 * An interface that ended, or one protocol of it, because its MTU fell below the minimum of the protocol. Memberships on it ended with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface EndedInterface {
  readonly index: number
  /** Absent: the interface is gone, with both. */
  readonly family?: "ipv4" | "ipv6" | undefined
}

/**
 * Notices about interfaces since they were taken last.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceNotices {
  /** True if anything may be different. */
  readonly changed: boolean
  /** True if the system dropped notices. More interfaces may then have ended than `ended` lists. */
  readonly lost: boolean
  readonly ended: ReadonlyArray<EndedInterface>
}

/**
 * Follows the system's notices about interfaces and addresses, from when it is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceObserver {
  /** Takes the queued notices, without waiting. */
  readonly take: () => InterfaceNotices
  /** Registers with the event loop, as a socket does. Closed before the observer. */
  readonly poll: (onReady: (readable: boolean, writable: boolean, failed: boolean) => void) => Poll | Fault
  readonly close: () => void
}

/**
 * Opens sockets and owns the native memory that they read into and send from.
 *
 * @category models
 * @since 0.1.0
 */
export interface Driver {
  readonly abi: Abi
  /** Winsock: the build of Windows (20348 is Server 2022), for defects of a single build. Absent elsewhere. */
  readonly build?: number | undefined
  /** True if one call receives or sends several datagrams (`recvmmsg`, `sendmmsg`). If false, a driver makes one call for each slot. */
  readonly batches: boolean
  /** The arena of a layout. A driver keeps one for each layout in use; sockets share it, for the length of one synchronous call. */
  readonly arena: (layout: ArenaLayout) => Arena
  /** Non-blocking, close-on-exec, not inherited. */
  readonly open: (kind: SocketKind) => NativeSocket | Fault
  /** Two Unix datagram sockets, connected to each other. */
  readonly pair: () => readonly [NativeSocket, NativeSocket] | Fault
  /** Takes ownership of a socket made elsewhere. Returns a fault, and leaves the descriptor unchanged, if it is not a socket of that kind. */
  readonly adopt: (descriptor: number, kind: SocketKind) => NativeSocket | Fault
  /** Closes a descriptor that this driver did not open: one that arrived with a datagram. */
  readonly release: (descriptor: number) => Fault | undefined
  /** The host's interfaces, those that are down and those without an address among them. */
  readonly interfaces: () => ReadonlyArray<NetworkInterface> | Fault
  /** Notices about interfaces, from now on. Absent if the system has none that the driver follows (macOS, Windows). */
  readonly observeInterfaces?: (() => InterfaceObserver | Fault) | undefined
  /** Returns the index of the interface with that name, or nothing. Absent: the engine searches `interfaces`. */
  readonly interfaceIndex?: ((name: string) => number | undefined) | undefined
  /** Returns the name of an error number, for numbers in control messages. */
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
  /** Reads an option into `into` and returns its length in bytes. */
  readonly getOption: (level: number, option: number, into: Uint8Array) => number | Fault
  /** Calls `ioctl` and returns the length of the result in `output`, in bytes. */
  readonly ioctl: (code: number, input: Uint8Array, output: Uint8Array) => number | Fault
  readonly bind: (address: Uint8Array) => Fault | undefined
  /**
   * Connects to a `sockaddr`. Without one it disconnects: the socket keeps its local endpoint and its interface, and drops errors that the peer caused.
   */
  readonly connect: (address: Uint8Array | undefined) => Fault | undefined
  /** Writes the local `sockaddr` and returns its length in bytes. */
  readonly localAddress: (into: Uint8Array) => number | Fault
  /** Writes the `sockaddr` of the connected peer, as received datagrams have it, and returns its length in bytes. */
  readonly peerAddress: (into: Uint8Array) => number | Fault
  /** Receives and returns the number of slots filled, 0 if the queue is empty. A fault after a filled slot is returned by the next call. */
  readonly receive: (arena: Arena, slots: number, peek: boolean) => number | Fault
  /** Receives from the error queue, which reports on earlier sends (Linux), and returns the number of slots filled. 0 if there is no such queue. */
  readonly receiveErrors: (arena: Arena, slots: number) => number | Fault
  /** Sends slots from `first` and returns their number, 0 if the send buffer is full. */
  readonly send: (arena: Arena, first: number, slots: number) => number | Fault
  /**
   * Registers with the event loop, once for each socket. Nothing is reported before `update` sets an interest. `failed` comes with both of the
   * others: an error is pending, or the error queue has an entry. That ends the interest until the next `update`. After a report that brought a
   * datagram, the next one may be `readable` without a look at the socket. If a receive then returns nothing, the cause is reported next.
   */
  readonly poll: (onReady: (readable: boolean, writable: boolean, failed: boolean) => void) => Poll | Fault
  readonly close: () => Fault | undefined
  /** Returns an adopted socket to its maker, unchanged and open. Absent if adopting changes and keeps nothing. */
  readonly disown?: (() => void) | undefined
}

/**
 * A socket's registration with the event loop.
 *
 * @category models
 * @since 0.1.0
 */
export interface Poll {
  /** Sets the interest. `failed` is reported with any interest; set it alone to get only errors. Repeating an interest costs nothing. */
  readonly update: (readable: boolean, writable: boolean, failed?: boolean) => void
  /** Sets whether an interest keeps the process running. At first it does. */
  readonly keepAlive: (keeps: boolean) => void
  readonly close: () => void
}

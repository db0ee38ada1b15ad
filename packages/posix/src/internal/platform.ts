/**
 * Numbers of the system calls, by system: how a socket is opened, and the flags of a call. Numbers of messages and options are in
 * `@ancillary/control/platform`.
 */
export interface PlatformNumbers {
  readonly SOCK_DGRAM: number
  readonly IPPROTO_ICMP: number
  readonly IPPROTO_ICMPV6: number
  readonly MSG_PEEK: number
  readonly MSG_TRUNC: number
  readonly MSG_CTRUNC: number
  /** Flags beside the type for a non-blocking socket that is closed on exec. */
  readonly openFlags: number
  /** ioctls with the same effect, if `socket(2)` accepts no flags. */
  readonly openRequests: ReadonlyArray<number>
  /** ioctls with the same effect for a socket that was made elsewhere: `FIONBIO`, `FIOCLEX`. */
  readonly adoptRequests: ReadonlyArray<number>
  /** Option that returns a socket's type, and the level of socket options. */
  readonly SOL_SOCKET: number
  readonly SO_TYPE: number
  readonly SO_ERROR: number
  /** Linux: the interface that a socket is bound to. */
  readonly SO_BINDTODEVICE: number | undefined
  /** Linux: option that returns a socket's protocol. */
  readonly SO_PROTOCOL: number | undefined
  readonly IPPROTO_UDP: number
  /** Linux: option whose value is a `struct sock_fprog`, which points to a program. */
  readonly SO_ATTACH_REUSEPORT_CBPF: number | undefined
  /** Linux: flag that reads the error queue instead of the data. */
  readonly MSG_ERRQUEUE: number | undefined
  readonly IFF_UP: number
  readonly IFF_LOOPBACK: number
  readonly IFF_MULTICAST: number
  readonly receiveFlags: number
  readonly sendFlags: number
}

const MSG_DONTWAIT = { linux: 0x40, darwin: 0x80 }

/** asm-generic/socket.h, linux/socket.h, linux/net.h, linux/if.h. */
export const linux: PlatformNumbers = {
  SOCK_DGRAM: 2,
  IPPROTO_ICMP: 1,
  IPPROTO_ICMPV6: 58,
  MSG_PEEK: 0x02,
  MSG_TRUNC: 0x20,
  MSG_CTRUNC: 0x08,
  // SOCK_NONBLOCK | SOCK_CLOEXEC
  openFlags: 0x800 | 0x80000,
  openRequests: [],
  adoptRequests: [0x5421, 0x5451],
  SOL_SOCKET: 1,
  SO_TYPE: 3,
  SO_ERROR: 4,
  SO_BINDTODEVICE: 25,
  SO_PROTOCOL: 38,
  IPPROTO_UDP: 17,
  SO_ATTACH_REUSEPORT_CBPF: 51,
  MSG_ERRQUEUE: 0x2000,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 0x1000,
  // MSG_TRUNC as an input returns the true size. MSG_CMSG_CLOEXEC closes received descriptors on exec.
  receiveFlags: MSG_DONTWAIT.linux | 0x20 | 0x40000000,
  // MSG_NOSIGNAL: a closed Unix peer is an error, not a signal that ends the process.
  sendFlags: MSG_DONTWAIT.linux | 0x4000
}

/** sys/socket.h, sys/filio.h, net/if.h. It is written from the text of the headers, and nothing here has run. */
export const darwin: PlatformNumbers = {
  SOCK_DGRAM: 2,
  IPPROTO_ICMP: 1,
  IPPROTO_ICMPV6: 58,
  MSG_PEEK: 0x02,
  MSG_TRUNC: 0x10,
  MSG_CTRUNC: 0x20,
  openFlags: 0,
  // FIONBIO, FIOCLEX
  openRequests: [0x8004667e, 0x20006601],
  adoptRequests: [0x8004667e, 0x20006601],
  SOL_SOCKET: 0xffff,
  SO_TYPE: 0x1008,
  SO_ERROR: 0x1007,
  SO_BINDTODEVICE: undefined,
  SO_PROTOCOL: undefined,
  IPPROTO_UDP: 17,
  SO_ATTACH_REUSEPORT_CBPF: undefined,
  MSG_ERRQUEUE: undefined,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 0x8000,
  receiveFlags: MSG_DONTWAIT.darwin,
  sendFlags: MSG_DONTWAIT.darwin
}

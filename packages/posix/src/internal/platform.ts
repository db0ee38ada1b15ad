/**
 * Numbers of the calls themselves, by system: how a socket is opened and which flags go with a call. What belongs to messages and options is
 * in `@ancillary/control/platform`.
 */
export interface PlatformNumbers {
  readonly SOCK_DGRAM: number
  readonly IPPROTO_ICMP: number
  readonly IPPROTO_ICMPV6: number
  readonly MSG_PEEK: number
  readonly MSG_TRUNC: number
  readonly MSG_CTRUNC: number
  /** Beside the type, for a socket that is non-blocking and closed on exec. */
  readonly openFlags: number
  /** ioctls for the same, where `socket(2)` takes no flags. */
  readonly openRequests: ReadonlyArray<number>
  /** ioctls that make a socket so which was made elsewhere: `FIONBIO`, `FIOCLEX`. */
  readonly adoptRequests: ReadonlyArray<number>
  /** Which option tells a socket's type, and the level of all of them. */
  readonly SOL_SOCKET: number
  readonly SO_TYPE: number
  readonly SO_ERROR: number
  /** Linux: the interface that a socket is bound to. */
  readonly SO_BINDTODEVICE: number | undefined
  /** Linux: the same of what is spoken on it. */
  readonly SO_PROTOCOL: number | undefined
  readonly IPPROTO_UDP: number
  /** Linux: what asks for the error queue instead of the data. */
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
  MSG_ERRQUEUE: 0x2000,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 0x1000,
  // MSG_TRUNC as an input: tell the true size. MSG_CMSG_CLOEXEC: descriptors that arrive are closed on exec.
  receiveFlags: MSG_DONTWAIT.linux | 0x20 | 0x40000000,
  // MSG_NOSIGNAL: a closed Unix peer is an error, not a signal that ends the process.
  sendFlags: MSG_DONTWAIT.linux | 0x4000
}

/** sys/socket.h, sys/filio.h, net/if.h. From the headers' text: nothing here was run. */
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
  MSG_ERRQUEUE: undefined,
  IFF_UP: 1,
  IFF_LOOPBACK: 8,
  IFF_MULTICAST: 0x8000,
  receiveFlags: MSG_DONTWAIT.darwin,
  sendFlags: MSG_DONTWAIT.darwin
}

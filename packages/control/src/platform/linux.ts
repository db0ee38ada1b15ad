/**
 * Numbers of Linux on every architecture that Node runs on but for the socket level of MIPS, SPARC and PA-RISC (asm-generic/socket.h,
 * linux/in.h, linux/in6.h, linux/udp.h).
 *
 * @since 0.1.0
 */

/** Levels of options and control messages. */
export const IPPROTO_IP = 0
export const SOL_SOCKET = 1
export const IPPROTO_IPV6 = 41

/** Socket options. */
export const SO_REUSEADDR = 2
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_BINDTODEVICE = 25
export const IPV6_V6ONLY = 26

/** Options that ask for control messages. */
export const IP_RECVTTL = 12
export const IP_RECVTOS = 13
export const IPV6_RECVPKTINFO = 49
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_RECVRTHDR = 56
export const IPV6_RECVTCLASS = 66

/** Types of control messages; several are also the option that asks for them. */
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_PKTINFO = 8
export const SO_RXQ_OVFL = 40
export const IPV6_PKTINFO = 50
export const IPV6_HOPLIMIT = 52
export const IPV6_RTHDR = 57
export const SO_TIMESTAMPNS_NEW = 64
export const IPV6_TCLASS = 67

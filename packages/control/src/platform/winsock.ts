/**
 * Numbers of Winsock, as the Windows headers define them (winsock2.h, ws2def.h, ws2ipdef.h, mswsock.h, mstcpip.h).
 *
 * @since 0.1.0
 */

/** Levels of options and control messages. */
export const IPPROTO_IP = 0
export const IPPROTO_UDP = 17
export const IPPROTO_IPV6 = 41
export const SOL_SOCKET = 0xffff

/** Socket options. */
export const SO_EXCLUSIVEADDRUSE = -5
export const SO_REUSEADDR = 4
export const SO_BROADCAST = 0x20
export const SO_SNDBUF = 0x1001
export const SO_RCVBUF = 0x1002
export const IP_MULTICAST_IF = 9
export const IP_MULTICAST_TTL = 10
export const IP_MULTICAST_LOOP = 11
export const IP_DONTFRAGMENT = 14
export const IP_UNICAST_IF = 31
export const IP_MTU_DISCOVER = 71
export const IPV6_UNICAST_HOPS = 4
export const IPV6_MULTICAST_IF = 9
export const IPV6_MULTICAST_HOPS = 10
export const IPV6_MULTICAST_LOOP = 11
export const IPV6_DONTFRAG = 14
export const IPV6_V6ONLY = 27
export const IPV6_UNICAST_IF = 31
export const IPV6_MTU_DISCOVER = 71

/** Group memberships, at the level of either family (RFC 3678), and those of one family only. */
export const MCAST_JOIN_GROUP = 41
export const MCAST_LEAVE_GROUP = 42
export const MCAST_BLOCK_SOURCE = 43
export const MCAST_UNBLOCK_SOURCE = 44
export const MCAST_JOIN_SOURCE_GROUP = 45
export const MCAST_LEAVE_SOURCE_GROUP = 46
export const IP_ADD_MEMBERSHIP = 12
export const IP_DROP_MEMBERSHIP = 13
export const IPV6_ADD_MEMBERSHIP = 12
export const IPV6_DROP_MEMBERSHIP = 13

/** Options that request control messages, and the ioctl for the same purpose. */
/** Windows 10 2004: in ws2ipdef.h of SDKs newer than mingw-w64 10. */
export const UDP_RECV_MAX_COALESCED_SIZE = 3
export const IP_RECVTTL = 21
export const IP_RECVTOS = 40
export const IPV6_RECVRTHDR = 38
export const IPV6_RECVTCLASS = 40
export const SIO_TIMESTAMPING = 0x980000eb
export const TIMESTAMPING_FLAG_RX = 1

/** Types of control messages; several are also the option that requests them. */
export const IPV6_HOPOPTS = 1
/** Windows 10 2004: this number and the next, in the same headers as UDP_RECV_MAX_COALESCED_SIZE. */
export const UDP_SEND_MSG_SIZE = 2
export const UDP_COALESCED_INFO = 3
export const IP_TOS = 3
export const IP_TTL = 4
export const IP_PKTINFO = 19
export const IP_HOPLIMIT = 21
export const IP_TCLASS = 39
export const IP_ORIGINAL_ARRIVAL_IF = 47
export const IP_ECN = 50
export const IPV6_PKTINFO = 19
export const IPV6_HOPLIMIT = 21
export const IPV6_RTHDR = 32
export const IPV6_TCLASS = 39
export const IPV6_ECN = 50
export const SO_TIMESTAMP = 0x300a

/**
 * Numbers of macOS (sys/socket.h, netinet/in.h, netinet6/in6.h with `__APPLE_USE_RFC_3542`). They come from the text of
 * the headers; no test has run them.
 *
 * @since 0.1.0
 */

/** Levels of options and control messages. */
export const IPPROTO_IP = 0
export const IPPROTO_IPV6 = 41
export const SOL_SOCKET = 0xffff

/** Socket options. */
export const SO_REUSEADDR = 4
export const SO_BROADCAST = 0x20
export const SO_REUSEPORT = 0x200
export const SO_SNDBUF = 0x1001
export const SO_RCVBUF = 0x1002
export const IP_TTL = 4
export const IP_MULTICAST_TTL = 10
export const IP_MULTICAST_LOOP = 11
export const IP_STRIPHDR = 23
export const IP_DONTFRAG = 28
export const IP_MULTICAST_IFINDEX = 66
export const IPV6_UNICAST_HOPS = 4
export const IPV6_MULTICAST_IF = 9
export const IPV6_MULTICAST_HOPS = 10
export const IPV6_MULTICAST_LOOP = 11
export const IPV6_V6ONLY = 27
export const IPV6_RTHDRDSTOPTS = 57
export const IPV6_DONTFRAG = 62

/** Group memberships, at the level of either family (RFC 3678). */
export const MCAST_JOIN_GROUP = 80
export const MCAST_LEAVE_GROUP = 81
export const MCAST_JOIN_SOURCE_GROUP = 82
export const MCAST_LEAVE_SOURCE_GROUP = 83
export const MCAST_BLOCK_SOURCE = 84
export const MCAST_UNBLOCK_SOURCE = 85

/** Options that request control messages. */
export const SO_TIMESTAMP = 0x400
export const IP_RECVTTL = 24
export const IP_RECVTOS = 27
export const IPV6_RECVTCLASS = 35
export const IPV6_RECVHOPLIMIT = 37
export const IPV6_RECVRTHDR = 38
export const IPV6_RECVHOPOPTS = 39
export const IPV6_RECVDSTOPTS = 40
export const IPV6_RECVPATHMTU = 43
export const IPV6_RECVPKTINFO = 61

/** Types of control messages; several are also the option that requests them. */
export const SCM_RIGHTS = 1
export const SCM_TIMESTAMP = 2
export const IP_TOS = 3
export const IP_PKTINFO = 26
export const IPV6_TCLASS = 36
export const IPV6_PATHMTU = 44
export const IPV6_PKTINFO = 46
export const IPV6_HOPLIMIT = 47
export const IPV6_NEXTHOP = 48
export const IPV6_HOPOPTS = 49
export const IPV6_DSTOPTS = 50
export const IPV6_RTHDR = 51

/**
 * Numbers of Linux on every architecture of Node, except the socket level of MIPS, SPARC and PA-RISC. Sources are the
 * headers (asm-generic/socket.h, linux/in.h, linux/in6.h, linux/udp.h, linux/net_tstamp.h).
 *
 * @since 0.1.0
 */

/** Levels of options and control messages. */
export const IPPROTO_IP = 0
export const SOL_SOCKET = 1
export const IPPROTO_UDP = 17
export const IPPROTO_IPV6 = 41

/** Socket options. */
export const SO_REUSEADDR = 2
export const SO_BROADCAST = 6
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_PRIORITY = 12
export const SO_REUSEPORT = 15
export const SO_BINDTODEVICE = 25
export const SO_MARK = 36
export const SO_ATTACH_REUSEPORT_CBPF = 51
export const IP_MTU_DISCOVER = 10
export const IP_FREEBIND = 15
export const IP_TRANSPARENT = 19
export const IP_MULTICAST_IF = 32
export const IP_MULTICAST_TTL = 33
export const IP_MULTICAST_LOOP = 34
export const IP_MULTICAST_ALL = 49
export const IP_UNICAST_IF = 50
export const IPV6_UNICAST_HOPS = 16
export const IPV6_MULTICAST_IF = 17
export const IPV6_MULTICAST_HOPS = 18
export const IPV6_MULTICAST_LOOP = 19
export const IPV6_MTU_DISCOVER = 23
export const IPV6_V6ONLY = 26
export const IPV6_MULTICAST_ALL = 29
export const IPV6_RTHDRDSTOPTS = 55
export const IPV6_DONTFRAG = 62
export const IPV6_AUTOFLOWLABEL = 70
export const IPV6_TRANSPARENT = 75
export const IPV6_UNICAST_IF = 76
export const IPV6_FREEBIND = 78

/** Group memberships, at the level of either family (RFC 3678). */
export const MCAST_JOIN_GROUP = 42
export const MCAST_BLOCK_SOURCE = 43
export const MCAST_UNBLOCK_SOURCE = 44
export const MCAST_LEAVE_GROUP = 45
export const MCAST_JOIN_SOURCE_GROUP = 46
export const MCAST_LEAVE_SOURCE_GROUP = 47

/** Options that request control messages. */
export const IP_RECVOPTS = 6
export const IP_RECVERR = 11
export const SO_PASSCRED = 16
/** include/uapi/asm-generic/socket.h since Linux 6.5; the headers of Debian 12 are older. */
export const SO_PASSPIDFD = 76
export const IP_RECVTTL = 12
export const IP_RECVTOS = 13
export const IP_RECVERR_RFC4884 = 26
export const IPV6_RECVERR = 25
export const IPV6_RECVERR_RFC4884 = 31
export const IPV6_RECVPKTINFO = 49
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_RECVHOPOPTS = 53
export const IPV6_RECVRTHDR = 56
export const IPV6_RECVDSTOPTS = 58
export const IPV6_RECVPATHMTU = 60
export const IPV6_RECVTCLASS = 66
export const SO_RCVMARK = 75
/** Linux 6.14: not in the headers of Debian 12 (include/uapi/asm-generic/socket.h). */
export const SO_RCVPRIORITY = 82

/** Types of control messages; several are also the option that requests them. */
export const SCM_RIGHTS = 1
export const SCM_CREDENTIALS = 2
/** include/linux/socket.h since Linux 6.5. */
export const SCM_PIDFD = 4
export const IP_TOS = 1
export const IP_TTL = 2
export const IP_RETOPTS = 7
export const IP_PKTINFO = 8
export const IPV6_FLOWINFO = 11
export const IP_RECVORIGDSTADDR = 20
export const IP_CHECKSUM = 23
export const IP_RECVFRAGSIZE = 25
export const SO_TIMESTAMPNS_OLD = 35
export const SO_TIMESTAMPING_OLD = 37
export const SO_RXQ_OVFL = 40
export const IPV6_PKTINFO = 50
export const IPV6_HOPLIMIT = 52
export const IPV6_HOPOPTS = 54
export const IPV6_RTHDR = 57
export const IPV6_DSTOPTS = 59
export const SO_TXTIME = 61
export const IPV6_PATHMTU = 61
export const SO_TIMESTAMPNS_NEW = 64
export const SO_TIMESTAMPING_NEW = 65
export const IPV6_TCLASS = 67
export const IPV6_RECVORIGDSTADDR = 74
export const IPV6_RECVFRAGSIZE = 77
export const UDP_SEGMENT = 103
export const UDP_GRO = 104

/** Flags of SO_TIMESTAMPING: the stamps that are taken on receiving and on sending, and their reports. */
export const SOF_TIMESTAMPING_TX_SOFTWARE = 2
export const SOF_TIMESTAMPING_RX_HARDWARE = 4
export const SOF_TIMESTAMPING_RX_SOFTWARE = 8
export const SOF_TIMESTAMPING_SOFTWARE = 16
export const SOF_TIMESTAMPING_RAW_HARDWARE = 64
export const SOF_TIMESTAMPING_OPT_ID = 128
export const SOF_TIMESTAMPING_TX_SCHED = 256
export const SOF_TIMESTAMPING_OPT_TSONLY = 2048

/** Index of the interface that a socket is bound to (since 5.0), which a control message must match. */
export const SO_BINDTOIFINDEX = 62

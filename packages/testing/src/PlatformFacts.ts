/**
 * Differences between the platforms of the suite, one row each.
 *
 * @since 0.1.0
 */

/**
 * Behaviour of one platform. If it lacks a feature, the suite asserts its error.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlatformFacts {
  readonly name: string
  /** Families for which this host has addresses. Some containers have no IPv6. */
  readonly families: ReadonlyArray<"ipv4" | "ipv6">
  /** Families whose bound sockets can be connected and disconnected. */
  readonly connecting: ReadonlyArray<"ipv4" | "ipv6">
  /** True if a connected socket receives the refusals of its peer as errors. */
  readonly refusals: boolean
  /** Control data that is sent with a datagram is honoured, or accepted and ignored. */
  readonly sentControl: "honoured" | "ignored"
  /** Names of the system calls in errors. */
  readonly syscalls: { readonly bind: string; readonly send: string; readonly receive: string }
  /** Error codes: an address in use, and an address that is not local. */
  readonly codes: { readonly addressInUse: string; readonly addressNotAvailable: string }
  /** Maximum payload on loopback in bytes. */
  readonly largest: { readonly ipv4: number; readonly ipv6: number }
  /** True if the platform reports the original size of a truncated datagram. */
  readonly tellsTrueSize: boolean
  /** Messages that the platform lacks, by key (or key and family: `"pathMtuReports, ipv4"`), with the reason. */
  readonly lacks: { readonly [key: string]: string }
  /** Messages that its headers define but this system refuses, with the code. */
  readonly refuses: { readonly [key: string]: string }
  /**
   * IPv6 extension headers are exchanged, or not permitted without a privilege (Linux: `CAP_NET_RAW`), or refused by
   * the options that enable them.
   */
  readonly extensionHeaders: "exchanged" | "not permitted" | "refused"
  /** Whether there are Unix datagram sockets. If not, opening one fails. */
  readonly unixSockets: "exchanged" | "absent"
  /** Hop limit of a datagram that was sent without one. */
  readonly hopLimit: { readonly ipv4: number; readonly ipv6: number }
  readonly options: {
    /** Options that the platform lacks, by the name of their combinator, with a part of the reason. */
    readonly lacks: { readonly [combinator: string]: string }
    /** Options that it defines but refuses for a family, with the code. */
    readonly refuses: { readonly [combinator: string]: { readonly [F in "ipv4" | "ipv6" | "dual"]?: string } }
    /** Options that can be set for IPv4 but not read, with a part of the reason. */
    readonly untold: { readonly [combinator: string]: string }
    /** Granted size of a buffer for a requested size. */
    readonly granted: (asked: number) => number
  }
  readonly memberships: {
    /** Calls that join and leave a group by an interface index: `41/42`. */
    readonly calls: { readonly [F in "ipv4" | "ipv6"]: readonly [join: ReadonlyArray<string>, leave: string] | string }
    /** The error if sources are not supported. */
    readonly sources: string | undefined
  }
}

/**
 * Linux, glibc and musl.
 *
 * @category platforms
 * @since 0.1.0
 */
export const linux: PlatformFacts = {
  name: "Linux",
  families: ["ipv4", "ipv6"],
  connecting: ["ipv4"],
  refusals: true,
  sentControl: "honoured",
  syscalls: { bind: "bind", send: "sendmsg", receive: "recvmmsg" },
  codes: { addressInUse: "EADDRINUSE", addressNotAvailable: "EADDRNOTAVAIL" },
  largest: { ipv4: 65_507, ipv6: 65_527 },
  tellsTrueSize: true,
  lacks: {
    originalArrivalInterface: "only Windows reports the interface at which a tunnelled packet first arrived",
    counterTimestamp: "only Windows stamps with a counter: declare withTimestamp()",
    "pathMtuReports, ipv4":
      "for IPv4 the path MTU comes with the error of a datagram that was too large: declare withErrorReports()"
  },
  refuses: {},
  extensionHeaders: "exchanged",
  unixSockets: "exchanged",
  hopLimit: { ipv4: 64, ipv6: 64 },
  options: {
    lacks: { withExclusiveUse: "on Linux an address is exclusive unless its socket allows sharing" },
    refuses: {},
    untold: { withMulticastInterface: "Linux answers with the interface's address" },
    granted: (asked) => 2 * asked
  },
  memberships: {
    calls: { ipv4: [["0/42"], "0/45"], ipv6: [["41/42"], "41/45"] },
    sources: undefined
  }
}

/**
 * Winsock as implemented by Wine 8. It differs from Windows in two points. It ignores control data that is sent, so the
 * fault wrapper checks the outgoing bytes. It never reports the original size of a truncated datagram.
 *
 * @category platforms
 * @since 0.1.0
 */
export const wine: PlatformFacts = {
  name: "Winsock under Wine",
  families: ["ipv4", "ipv6"],
  connecting: ["ipv4", "ipv6"],
  refusals: false,
  sentControl: "ignored",
  syscalls: { bind: "bind", send: "WSASendMsg", receive: "WSARecvMsg" },
  codes: { addressInUse: "WSAEADDRINUSE", addressNotAvailable: "WSAEADDRNOTAVAIL" },
  largest: { ipv4: 65_507, ipv6: 65_527 },
  tellsTrueSize: false,
  lacks: {
    timestamp: "Windows stamps with its performance counter, which is no time of day: declare withCounterTimestamp()",
    timestamping: "Windows stamps with its performance counter: declare withCounterTimestamp()",
    dropCount: "only Linux reports the number of datagrams that a socket has dropped",
    originalDestination: "only Linux hands the datagrams of others to a transparent proxy",
    fragmentSize: "only Linux reports the size of the fragments of a datagram",
    checksum: "only Linux reports the checksum of a payload",
    flowLabel: "Windows has no message for the flow label",
    mark: "there are no packet marks outside Linux",
    priority: "only Linux takes a queueing priority with a datagram",
    transmitTime: "only Linux sends at a time that is given",
    ipOptions: "Windows takes options only for a whole socket, and delivers no received ones",
    errorReports: "Windows reports neither the datagram nor the sender of an ICMP error",
    pathMtuReports: "Windows has no message for the path MTU",
    transmitTimestamp:
      "Windows hands out the stamp of a datagram that was sent by an ioctl of its own (SIO_GET_TX_TIMESTAMP)",
    rights: "Windows has no Unix datagram sockets, and hands handles over with DuplicateHandle",
    credentials: "Windows has no Unix datagram sockets",
    pidFd: "only Linux hands out descriptors of processes"
  },
  // Wine 8 lacks all of them; Windows has them.
  refuses: {
    coalescedSize: "WSAEINVAL",
    counterTimestamp: "WSAEOPNOTSUPP",
    originalArrivalInterface: "WSAENOPROTOOPT"
  },
  extensionHeaders: "refused",
  unixSockets: "absent",
  hopLimit: { ipv4: 64, ipv6: 64 },
  options: {
    lacks: {
      withReusePort: "Windows does not spread peers over sockets",
      withSteering: "Windows does not spread",
      withBindToDevice: "Windows has no option that binds a socket to a device",
      withFreebind: "only Linux lets a socket have an address that the host does not have",
      withMulticastAll: "a socket receives only the groups that it joined itself",
      withDefaultTrafficClass: "Windows marks traffic by policy",
      withDefaultPriority: "only Linux queues by a socket's priority",
      withAutoFlowLabel: "only Linux has a switch for flow labels",
      withTransparent: "only Linux lets a socket have an address that the host does not have",
      withDefaultMark: "only Linux marks packets",
      withStickyHopByHopOptions: "Windows documents no option whose header goes with every datagram of a socket",
      withStickyDestinationOptions: "Windows documents no option whose header goes with every datagram of a socket",
      withStickyRouteOptions: "Windows documents no option whose header goes with every datagram of a socket",
      withStickyRoutingHeader: "Windows documents no option whose header goes with every datagram of a socket"
    },
    refuses: {
      // Unlike Windows, Wine requires the address of an interface here, not its index.
      withMulticastInterface: { ipv4: "WSAEINVAL", dual: "WSAEINVAL" },
      // Unlike Windows, Wine passes the index to its host, and Linux requires network byte order.
      withUnicastInterface: { ipv6: "WSAEINVAL", dual: "WSAEINVAL" },
      withPathMtuDiscovery: { ipv4: "WSAENOPROTOOPT", ipv6: "WSAENOPROTOOPT", dual: "WSAENOPROTOOPT" }
    },
    untold: {},
    granted: (asked) => asked
  },
  memberships: {
    // Unlike Windows, Wine has no MCAST_ option, and so no sources. Its IPv4 options take the address of an interface.
    calls: { ipv4: "WSAEINVAL", ipv6: [["41/41", "41/12"], "41/13"] },
    sources: "WSAENOPROTOOPT"
  }
}

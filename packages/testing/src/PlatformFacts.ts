/**
 * How the platforms that the suite runs on differ: one row each.
 *
 * @since 0.1.0
 */

/**
 * What one platform does where they differ. Where it lacks a thing, its answer is what the suite asserts.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlatformFacts {
  readonly name: string
  /** Families that this host has addresses of: some containers have no IPv6 at all. */
  readonly families: ReadonlyArray<"ipv4" | "ipv6">
  /** Families whose bound sockets can be connected and disconnected. */
  readonly connecting: ReadonlyArray<"ipv4" | "ipv6">
  /** Whether a connected socket is told that its peer refuses. */
  readonly refusals: boolean
  /** Control data with a datagram that is sent: honoured, or accepted and ignored. */
  readonly sentControl: "honoured" | "ignored"
  /** The system calls as the errors name them. */
  readonly syscalls: { readonly bind: string; readonly send: string; readonly receive: string }
  /** Error codes: an address in use, one that is not ours. */
  readonly codes: { readonly addressInUse: string; readonly addressNotAvailable: string }
  /** Bytes of the largest payloads that loopback takes. */
  readonly largest: { readonly ipv4: number; readonly ipv6: number }
  /** Whether a truncated datagram's true size is told. */
  readonly tellsTrueSize: boolean
  /** Messages that the platform lacks, by key (or key and family: `"pathMtuReports, ipv4"`), with the sentence that says why. */
  readonly lacks: { readonly [key: string]: string }
  /** Messages that it has by its headers, and that this system refuses: the code. */
  readonly refuses: { readonly [key: string]: string }
  /**
   * IPv6 extension headers: exchanged; not permitted, for want of a privilege (Linux: `CAP_NET_RAW`); or refused already by the options that ask
   * for them.
   */
  readonly extensionHeaders: "exchanged" | "not permitted" | "refused"
  /** The hop limit of a datagram that was sent without one. */
  readonly hopLimit: { readonly ipv4: number; readonly ipv6: number }
  readonly options: {
    /** Options that the platform lacks, by the name of their combinator: a part of the reason. */
    readonly lacks: { readonly [combinator: string]: string }
    /** Options that it knows and refuses for a family: the code. */
    readonly refuses: { readonly [combinator: string]: { readonly [F in "ipv4" | "ipv6" | "dual"]?: string } }
    /** Options that can be set for IPv4 and not be got: a part of the reason. */
    readonly untold: { readonly [combinator: string]: string }
    /** The size of a buffer that is granted where that many bytes are asked for. */
    readonly granted: (asked: number) => number
  }
  readonly memberships: {
    /** The calls that join and leave a group by an interface's index: `41/42`. */
    readonly calls: { readonly [F in "ipv4" | "ipv6"]: readonly [join: ReadonlyArray<string>, leave: string] | string }
    /** What is answered where sources are not known. */
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
    originalArrivalInterface: "only Windows tells through which interface a tunnelled packet first came",
    counterTimestamp: "only Windows stamps with a counter: declare withTimestamp()",
    "pathMtuReports, ipv4":
      "for IPv4 the path MTU comes with the error of a datagram that was too large: declare withErrorReports()"
  },
  refuses: {},
  extensionHeaders: "exchanged",
  hopLimit: { ipv4: 64, ipv6: 64 },
  options: {
    lacks: { withExclusiveUse: "on Linux a socket has its address alone unless it says otherwise" },
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
 * Winsock as Wine 8 does it. Where it is not Windows: control data that is sent is ignored (what would go out is seen by the fault wrapper),
 * and a truncated datagram's true size is never told.
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
    dropCount: "only Linux tells how many datagrams a socket has dropped",
    originalDestination: "only Linux hands the datagrams of others to a transparent proxy",
    fragmentSize: "only Linux tells from what a datagram was put together",
    checksum: "only Linux tells the sum that it made of a payload",
    flowLabel: "Windows has no message for the flow label",
    mark: "there are no packet marks outside Linux",
    priority: "only Linux lets a datagram say how it is queued",
    transmitTime: "only Linux sends at a time that is given",
    ipOptions: "Windows takes options for a whole socket alone, and tells none of those that arrive",
    errorReports: "Windows says neither which datagram an ICMP error is about nor who sent it",
    pathMtuReports: "Windows has no message for the path MTU",
    transmitTimestamp:
      "Windows hands out the stamp of a datagram that was sent by an ioctl of its own (SIO_GET_TX_TIMESTAMP)",
    rights: "Windows has no Unix datagram sockets, and hands handles over with DuplicateHandle",
    credentials: "Windows has no Unix datagram sockets",
    pidFd: "only Linux hands out descriptors of processes"
  },
  // Wine 8 knows none of them; Windows does.
  refuses: {
    coalescedSize: "WSAEINVAL",
    counterTimestamp: "WSAEOPNOTSUPP",
    originalArrivalInterface: "WSAENOPROTOOPT"
  },
  extensionHeaders: "refused",
  hopLimit: { ipv4: 64, ipv6: 64 },
  options: {
    lacks: {
      withReusePort: "Windows does not spread peers over sockets",
      withBindToDevice: "Windows has no option that binds a socket to a device",
      withFreebind: "only Linux lets a socket have an address that the host does not have",
      withMulticastAll: "a socket hears the groups that it has joined itself",
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
      // Not Windows: Wine takes the address of an interface here, and no index.
      withMulticastInterface: { ipv4: "WSAEINVAL", dual: "WSAEINVAL" },
      // Not Windows: Wine hands the index to its host, and Linux wants it in network order.
      withUnicastInterface: { ipv6: "WSAEINVAL", dual: "WSAEINVAL" },
      withPathMtuDiscovery: { ipv4: "WSAENOPROTOOPT", ipv6: "WSAENOPROTOOPT", dual: "WSAENOPROTOOPT" }
    },
    untold: {},
    granted: (asked) => asked
  },
  memberships: {
    // Not Windows: Wine knows no MCAST_ option, and so no sources; what it does know takes the address of an interface with IPv4.
    calls: { ipv4: "WSAEINVAL", ipv6: [["41/41", "41/12"], "41/13"] },
    sources: "WSAENOPROTOOPT"
  }
}

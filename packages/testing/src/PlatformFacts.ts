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
  /** Messages that the platform lacks, by key, with the sentence that says why. */
  readonly lacks: { readonly [key: string]: string }
  /** The hop limit of a datagram that was sent without one. */
  readonly hopLimit: { readonly ipv4: number; readonly ipv6: number }
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
  sentControl: "honoured",
  syscalls: { bind: "bind", send: "sendmsg", receive: "recvmmsg" },
  codes: { addressInUse: "EADDRINUSE", addressNotAvailable: "EADDRNOTAVAIL" },
  largest: { ipv4: 65_507, ipv6: 65_527 },
  tellsTrueSize: true,
  lacks: { originalArrivalInterface: "only Windows tells through which interface a tunnelled packet first came" },
  hopLimit: { ipv4: 64, ipv6: 64 }
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
  sentControl: "ignored",
  syscalls: { bind: "bind", send: "WSASendMsg", receive: "WSARecvMsg" },
  codes: { addressInUse: "WSAEADDRINUSE", addressNotAvailable: "WSAEADDRNOTAVAIL" },
  largest: { ipv4: 65_507, ipv6: 65_527 },
  tellsTrueSize: false,
  lacks: {
    timestamp: "Windows stamps with its performance counter (SIO_TIMESTAMPING), which is no time of day",
    dropCount: "only Linux tells how many datagrams a socket has dropped"
  },
  hopLimit: { ipv4: 64, ipv6: 64 }
}

/** Values of the options of a socket, as the kernel returns them. */

/** Options that exist for each family. */
export interface FamilySettings {
  hopLimit: number
  trafficClass: number
  /** Linux: 0 dont, 1 want, 2 do, 3 probe, 4 interface, 5 omit. */
  pathMtuMode: number
  dontFragment: number
  multicastInterface: number
  multicastHopLimit: number
  multicastLoopback: number
  multicastAll: number
  unicastInterface: number
  flowLabel: number
  errors: number
  errorExtensions: number
  packetInfo: number
  receiveHopLimit: number
  receiveTrafficClass: number
  receiveOptions: number
  returnOptions: number
  originalDestination: number
  checksum: number
  fragmentSize: number
  receiveFlowLabel: number
  hopOptions: number
  destinationOptions: number
  routingHeader: number
  pathMtuReports: number
}

const family = (hopLimit: number): FamilySettings => ({
  hopLimit,
  trafficClass: 0,
  pathMtuMode: 1,
  dontFragment: 0,
  multicastInterface: 0,
  multicastHopLimit: 1,
  multicastLoopback: 1,
  multicastAll: 1,
  unicastInterface: 0,
  flowLabel: 1,
  errors: 0,
  errorExtensions: 0,
  packetInfo: 0,
  receiveHopLimit: 0,
  receiveTrafficClass: 0,
  receiveOptions: 0,
  returnOptions: 0,
  originalDestination: 0,
  checksum: 0,
  fragmentSize: 0,
  receiveFlowLabel: 0,
  hopOptions: 0,
  destinationOptions: 0,
  routingHeader: 0,
  pathMtuReports: 0
})

/** Options of a socket. */
export interface Settings {
  readonly ipv4: FamilySettings
  readonly ipv6: FamilySettings
  reuseAddress: number
  reusePort: number
  exclusive: number
  broadcast: number
  /** Linux: one switch for both families. */
  freebind: number
  transparent: number
  receiveBuffer: number
  sendBuffer: number
  priority: number
  mark: number
  ipv6Only: number
  /** Index of the interface that the socket is bound to, 0 for none. */
  boundDevice: number
  timestamp: number
  /** Linux: which of its two numbers the option was set by. The messages have the same. */
  timestampType: number
  timestamping: number
  timestampingType: number
  dropCount: number
  receiveMark: number
  receivePriority: number
  segmentSize: number
  coalescing: number
  transmitTime: number
  /** IPv6 extension headers of every datagram, by type. */
  readonly stickyHeaders: Map<number, Uint8Array>
  /** IPv4 options of every datagram. */
  ipOptions: Uint8Array
}

/** Linux: `net.core.rmem_default`. */
export const defaultBuffer = 212_992

export const makeSettings = (hopLimit: number, of: "ipv4" | "ipv6"): Settings => ({
  // Linux: a socket for IPv6 hears only the IPv4 groups that it joined.
  ipv4: { ...family(hopLimit), multicastAll: of === "ipv4" ? 1 : 0 },
  ipv6: family(hopLimit),
  reuseAddress: 0,
  reusePort: 0,
  exclusive: 0,
  broadcast: 0,
  freebind: 0,
  transparent: 0,
  receiveBuffer: defaultBuffer,
  sendBuffer: defaultBuffer,
  priority: 0,
  mark: 0,
  ipv6Only: 0,
  boundDevice: 0,
  timestamp: 0,
  timestampType: 0,
  timestamping: 0,
  timestampingType: 0,
  dropCount: 0,
  receiveMark: 0,
  receivePriority: 0,
  segmentSize: 0,
  coalescing: 0,
  transmitTime: -1,
  stickyHeaders: new Map(),
  ipOptions: new Uint8Array(0)
})

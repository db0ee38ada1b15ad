/** The state of a socket: its ends, its options, and what waits in it. */
import { Ipv4Address, Ipv6Address } from "@ancillary/control"
import { type Address, type Family, unspecified } from "../address.ts"
import type { Arrival } from "../ip/stack.ts"
import type { Packet } from "../ip/packet.ts"
import type { ControlFate } from "../pressure.ts"
import { chargedBytes, SendBuffer } from "./buffers.ts"
import type { ErrorName } from "./errors.ts"
import { Memberships } from "./memberships.ts"
import { makeSettings, type Settings } from "./settings.ts"

export interface End {
  readonly address: Address
  readonly port: number
}

/** A datagram in the receive queue. */
export interface Received {
  readonly packet: Packet
  readonly arrival: Arrival
  readonly from: End
  /** Port that it was sent to. */
  readonly port: number
  data: Uint8Array
  /** Bytes of the receive buffer that it takes. */
  size: number
  readonly time: bigint
  /** Datagrams that the socket had dropped when this one arrived. */
  readonly drops: number
  /** Linux: the socket wanted packet information when it arrived. Otherwise it has none for IPv4. */
  readonly isPrepared: boolean
  /** Size of the datagrams that it was merged from, and their number. */
  merged: { readonly size: number; readonly count: number } | undefined
  /** The control data that is delivered with it. */
  readonly control: ControlFate
}

/** An entry of the error queue. */
export interface QueuedError {
  readonly errno: ErrorName | undefined
  readonly origin: "local" | "icmp" | "stamp"
  readonly type: number
  readonly code: number
  readonly info: number
  readonly data: number
  /** Peer of the datagram that it is about. */
  readonly to: End
  /** Payload of that datagram, as far as it was quoted. */
  readonly payload: Uint8Array
  /** The ICMP message, and how it arrived. */
  readonly report: Packet | undefined
  readonly arrival: Arrival | undefined
  readonly time: bigint
}

export class SocketState {
  readonly id: number
  readonly family: Family
  readonly protocol: "udp" | "icmp"
  readonly settings: Settings
  readonly memberships: Memberships = new Memberships()
  /** `undefined` before the socket is bound. */
  port = 0
  /** The address that it is bound to, in the socket's family. */
  address: Address
  /** The program chose the address, so disconnecting keeps it. */
  isAddressGiven = false
  peer: End | undefined
  /** The address that connecting chose to send from. */
  source: Address | undefined
  closed = false
  readonly queue: Array<Received> = []
  used = 0
  drops = 0
  /** Bytes of the receive buffer that a payload takes. */
  charge: (bytes: number) => number = chargedBytes
  readonly sendBuffer: SendBuffer
  readonly errors: Array<QueuedError> = []
  /** The error that the next call returns. */
  pending: ErrorName | undefined
  /** IPv6: the path MTU that the next receive reports. */
  pathMtu: { readonly to: End; readonly mtu: number } | undefined
  /** Number of the next send that is stamped. */
  stamps = 0
  /** Chooses a socket of the port. Of all its sockets' filters, the one with the highest number counts. */
  filter: { readonly order: number; readonly program: Uint8Array } | undefined
  /** Called when it may have become readable or failed. */
  wake: () => void = () => {}

  constructor(id: number, family: Family, protocol: "udp" | "icmp", hopLimit: number) {
    this.id = id
    this.family = family
    this.protocol = protocol
    this.address = unspecified[family]
    const settings = makeSettings(hopLimit, family)
    this.settings = settings
    this.sendBuffer = new SendBuffer(
      () => settings.sendBuffer,
      () => this.wake()
    )
  }

  get isDual(): boolean {
    return this.family === "ipv6" && this.settings.ipv6Only === 0
  }

  /** True if it sends and receives packets of a family. */
  speaks(family: Family): boolean {
    if (this.family === family) return family === "ipv4" || !isMapped(this.address)
    return this.isDual && (this.address.isUnspecified || isMapped(this.address))
  }

  /** The address that it is bound to, as packets have it. `undefined` for all addresses. */
  boundTo(): Address | undefined {
    return this.address.isUnspecified ? undefined : asPacket(this.address)
  }

  /** The address of a peer as this socket names it: a socket for IPv6 has IPv4 peers in the mapped notation. */
  named(address: Address, device: number): Address {
    if (this.family === "ipv4") return address
    if (address.family === "ipv4") return Ipv6Address.fromIpv4(address)
    return address.isLinkLocal ? address.withZone(device) : address
  }
}

export const isMapped = (address: Address): boolean => address.family === "ipv6" && address.isIpv4Mapped

/** An address as packets have it: IPv4 for the mapped notation. */
export const asPacket = (address: Address): Address =>
  address.family === "ipv6" ? (address.toIpv4() ?? address) : address

/** 127.0.0.1 or ::1: what a host means by the unspecified address of a peer. */
export const thisHost = (address: Address): Address =>
  !address.isUnspecified ? address : address.family === "ipv4" ? Ipv4Address.loopback : Ipv6Address.loopback

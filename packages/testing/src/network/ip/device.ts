/** A network interface of a host, and the end of a wire. */
import type { Address, Family, Prefix } from "../address.ts"
import { isSame } from "../address.ts"
import type { Packet } from "./packet.ts"

/** Something that carries packets between interfaces. */
export interface Wire {
  /**
   * Sends a packet to the interface that has the next hop's address, or to all others without one. Returns false if no interface on the wire has
   * that address.
   */
  readonly send: (packet: Packet, from: Device, nextHop: Address | undefined) => boolean
  readonly isUp: boolean
  /** Takes an interface from the wire. If one is left, it has no wire either. */
  readonly unplug: (device: Device) => void
}

export class Device {
  readonly index: number
  readonly name: string
  /** Name of its host, for traces. */
  readonly host: string
  readonly loopback: boolean
  readonly hardwareAddress: string | undefined
  addresses: ReadonlyArray<Prefix> = []
  linkLocal: Prefix | undefined
  mtu: number
  /** Switched on. */
  up = true
  /** Linux: addresses of IPv4 stay those of the host while the interface is off. */
  readonly keepsAddresses: boolean
  wire: Wire | undefined
  /** Takes a packet from the wire. */
  receive: (packet: Packet) => void = () => {}
  /** Called when its wire was plugged in, or goes up or down. */
  carrierChanged: () => void = () => {}

  constructor(options: {
    readonly index: number
    readonly name: string
    readonly host: string
    readonly loopback: boolean
    readonly mtu: number
    readonly hardwareAddress?: string | undefined
    readonly keepsAddresses?: boolean | undefined
  }) {
    this.keepsAddresses = options.keepsAddresses === true
    this.index = options.index
    this.name = options.name
    this.host = options.host
    this.loopback = options.loopback
    this.mtu = options.mtu
    this.hardwareAddress = options.hardwareAddress
  }

  owns(address: Address): boolean {
    return this.addresses.some((prefix) => isSame(prefix.address, address))
  }

  of(family: Family): ReadonlyArray<Prefix> {
    return this.addresses.filter(({ address }) => address.family === family)
  }
}

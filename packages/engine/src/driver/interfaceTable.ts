/** Caches the addresses of the host's interfaces for a short time, for lookups on the per-datagram path. */
import { Ipv4Address, type PacketSource } from "@ancillary/control"
import { type Driver, isFault, type NetworkInterface } from "./Driver.ts"

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const performance: { readonly now: () => number }

/** Time in milliseconds for which cached addresses are used. */
const retryAfterMillis = 1000
/** At most one thousandth of the time is spent on listing interfaces. */
const retryPerCost = 1000

export class InterfaceTable {
  #interfaces: Driver["interfaces"]
  #until = Number.NEGATIVE_INFINITY
  #sources = new Map<number, Ipv4Address>()
  #broadcasts = new Set<number>()

  constructor(interfaces: Driver["interfaces"]) {
    this.#interfaces = interfaces
  }

  /**
   * Winsock: adds an address of the interface to a packet source that names an interface and no address.
   *
   * `IN_PKTINFO` with an interface and the address 0 is reported to send from 0.0.0.0, which no network forwards
   * (bltavares/multicast-socket, pull request 5). Its documentation does not describe that case. Wine ignores control data that is sent, so
   * the case did not run on Windows. With an address of the interface the datagram is sent correctly in either case. Linux and macOS choose
   * the address themselves.
   */
  complete(value: unknown): unknown {
    // The definition of the message has validated it.
    const { interfaceIndex = 0, source } = value as PacketSource<"ipv4">
    if (source !== undefined || interfaceIndex === 0) return { source, interfaceIndex }
    this.#refresh()
    return { source: this.#sources.get(interfaceIndex), interfaceIndex }
  }

  /** True if an IPv4 address is the broadcast address of one of this host's networks: 192.0.2.255, and 192.0.2.0 for older systems. */
  isBroadcast(address: Ipv4Address): boolean {
    if (!mayBeBroadcast(address)) return false
    this.#refresh()
    return this.#broadcasts.has(address.value)
  }

  #refresh(): void {
    const now = performance.now()
    if (now < this.#until) return
    const interfaces = this.#interfaces()
    if (!isFault(interfaces)) {
      this.#sources.clear()
      this.#broadcasts.clear()
      for (const one of interfaces) this.#add(one)
    }
    const after = performance.now()
    this.#until = after + Math.max(retryAfterMillis, (after - now) * retryPerCost)
  }

  #add({ addresses, index }: NetworkInterface): void {
    for (const { address, duplicate, prefix, tentative } of addresses) {
      if (!(address instanceof Ipv4Address)) continue
      const known = this.#sources.get(index)
      // A link-local address is the second choice.
      if (tentative !== true && duplicate !== true && (known === undefined || isLinkLocal(known)))
        this.#sources.set(index, address)
      if (prefix === 0 || prefix > 30) continue
      const hosts = 2 ** (32 - prefix) - 1
      this.#broadcasts.add((address.value | hosts) >>> 0)
      this.#broadcasts.add((address.value & ~hosts) >>> 0)
    }
  }
}

/** 169.254.0.0/16, which several links may have. */
export const isLinkLocal = ({ value }: Ipv4Address): boolean => value >>> 16 === 0xa9fe

/** True if an address can be a broadcast address. Its last two bits are equal, because networks of one or two hosts have none. */
export const mayBeBroadcast = ({ value }: Ipv4Address): boolean => (value & 3) === 0 || (value & 3) === 3

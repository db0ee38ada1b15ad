/**
 * The addresses of the host's interfaces, kept for a while: for questions that are asked with each datagram.
 */
import { Ipv4Address, type PacketSource } from "@ancillary/control"
import { type Driver, isFault, type NetworkInterface } from "./Driver.ts"

/** In every host of JavaScript, and in the types of none that this package compiles with. */
declare const performance: { readonly now: () => number }

/** For how long addresses are taken as they were. */
const patienceMillis = 1000
/** Part of the time, at most, that is spent on listing interfaces: one thousandth. */
const patiencePerCost = 1000

export class InterfaceTable {
  #interfaces: Driver["interfaces"]
  #until = Number.NEGATIVE_INFINITY
  #sources = new Map<number, Ipv4Address>()
  #broadcasts = new Set<number>()

  constructor(interfaces: Driver["interfaces"]) {
    this.#interfaces = interfaces
  }

  /**
   * Winsock: a packet source with an address of its interface, if it names an interface and no address.
   *
   * `IN_PKTINFO` with an interface and the address 0 is reported to leave from 0.0.0.0, which no network forwards (bltavares/multicast-socket, pull
   * request 5). Its documentation does not describe that case, and Wine ignores control data that is sent, so nothing of it was run on
   * Windows. With an address of the interface the datagram leaves as it should under either reading. Linux and macOS choose the address themselves.
   */
  complete(value: unknown): unknown {
    // Checked by the definition of the message.
    const { interfaceIndex = 0, source } = value as PacketSource<"ipv4">
    if (source !== undefined || interfaceIndex === 0) return { source, interfaceIndex }
    this.#refresh()
    return { source: this.#sources.get(interfaceIndex), interfaceIndex }
  }

  /** Whether an IPv4 address is that of every host of a network of this host: 192.0.2.255, and 192.0.2.0 for older systems. */
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
    this.#until = after + Math.max(patienceMillis, (after - now) * patiencePerCost)
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

/** Whether an address can be a broadcast address. Networks of one or two hosts have none, so it ends with two bits alike. */
export const mayBeBroadcast = ({ value }: Ipv4Address): boolean => (value & 3) === 0 || (value & 3) === 3

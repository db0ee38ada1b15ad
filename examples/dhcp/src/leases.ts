/** The addresses of one network that are leased or offered. */
import { Ipv4Address } from "@ancillary/control"
import { maskOf } from "./message.ts"

/** The network of an interface. */
export interface Network {
  /** Address of the server on it. */
  readonly address: Ipv4Address
  /** Bits of its prefix. */
  readonly prefix: number
}

interface Lease {
  readonly address: number
  /** Milliseconds since 1970. */
  readonly until: number
}

/** The pool begins so many addresses after the network's own, and has so many. */
const [poolStart, poolSize] = [100, 100]

/** Milliseconds that an address is kept for a client that has not taken it, and for one that found it in use. */
const [offerTime, declineTime] = [60_000, 600_000]

/** It never has more entries than the pool has addresses, however many clients ask. */
export class Leases {
  readonly #byClient = new Map<string, Lease>()
  readonly #network: Network

  constructor(network: Network) {
    this.#network = network
  }

  /** Reserves an address for a client: the one it has, the one it would like, or a free one. Returns nothing if none is free. */
  offer(client: string, wanted: Ipv4Address | undefined, now: number): Ipv4Address | undefined {
    const known = this.#byClient.get(client)
    const free =
      known?.address ?? this.#pool().find((address) => address === wanted?.value && this.#isFree(address, now))
    const address = free ?? this.#pool().find((address) => this.#isFree(address, now))
    if (address === undefined) return undefined
    this.#keep(client, { address, until: Math.max(known?.until ?? 0, now + offerTime) })
    return new Ipv4Address(address)
  }

  /**
   * Leases an address to a client for so many milliseconds: the one that was offered to it, or that it has. After a restart the server knows
   * no clients, so an unknown one keeps its address if that is free. Returns false for any other address.
   */
  take(client: string, address: Ipv4Address, time: number, now: number): boolean {
    const known = this.#byClient.get(client)
    const may =
      known === undefined
        ? this.#pool().includes(address.value) && this.#isFree(address.value, now)
        : known.address === address.value
    if (may) this.#keep(client, { address: address.value, until: now + time })
    return may
  }

  /** Gives the address of a client back. */
  release(client: string, address: Ipv4Address): void {
    if (this.#byClient.get(client)?.address === address.value) this.#byClient.delete(client)
  }

  /** Keeps an address from all clients for a while, because its client has found it in use. */
  decline(client: string, address: Ipv4Address, now: number): void {
    if (this.#byClient.get(client)?.address !== address.value) return
    this.#byClient.delete(client)
    this.#keep(`declined ${address}`, { address: address.value, until: now + declineTime })
  }

  /** Addresses of the network that the pool has, without that of the server. */
  #pool(): ReadonlyArray<number> {
    const { address, prefix } = this.#network
    const mask = maskOf(prefix)
    const [network, broadcast] = [(address.value & mask) >>> 0, (address.value | ~mask) >>> 0]
    return Array.from({ length: poolSize }, (_, i) => network + poolStart + i).filter(
      (one) => one < broadcast && one !== address.value
    )
  }

  #isFree(address: number, now: number): boolean {
    for (const lease of this.#byClient.values()) if (lease.address === address && lease.until > now) return false
    return true
  }

  /** Forgets the client whose lease of that address is over. */
  #keep(client: string, lease: Lease): void {
    for (const [other, { address }] of this.#byClient) if (address === lease.address) this.#byClient.delete(other)
    this.#byClient.set(client, lease)
  }
}

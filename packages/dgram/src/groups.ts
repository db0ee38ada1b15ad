/** The groups that a socket has joined, and by which interfaces datagrams to a group leave. */
import { type GroupRequest, Ipv4Address, type Ipv6Address } from "@ancillary/control"
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"
import type { OpenSocket } from "@ancillary/engine/socket"
import type { Addresses, Type } from "./addresses.ts"
import { codeOf } from "./errors.ts"

type Address = Ipv4Address | Ipv6Address
type Memberships = OpenSocket["memberships"]

/** A membership, as `addMembership` or `addSourceSpecificMembership` asked for it. */
interface Joined extends GroupRequest.GroupRequest {
  /** The address of the interface, as the program gave it. IPv4 only. */
  readonly local: Ipv4Address | undefined
}

/** An interface by which a datagram leaves, and the source address that it has there. */
export interface Way {
  readonly interfaceIndex: number
  readonly source: string | undefined
}

export class Groups {
  #joined: Array<Joined> = []
  readonly #addresses: Addresses
  readonly #type: Type
  /** An interface that the program chose for all groups. */
  chosen = false

  constructor(addresses: Addresses, type: Type) {
    this.#addresses = addresses
    this.#type = type
  }

  /** Joins a group, from any source or from one. Returns the code of the error if that failed. */
  join(memberships: Memberships, group: unknown, source: unknown, local: unknown): string | undefined {
    const request = this.#read(group, source, local)
    if (typeof request === "string") return request
    if (this.#joined.some((other) => isSame(other, request)))
      return request.source === undefined ? "EADDRINUSE" : "EADDRNOTAVAIL"
    const begun = memberships.begin(request.source === undefined ? "group" : "source", request)
    if (isFault(begun)) return codeOf(begun)
    if ("reason" in begun) return begun.reason === "NoSuchInterface" ? "ENODEV" : "EINVAL"
    this.#joined.push(request)
    return undefined
  }

  /** Leaves a group. Returns the code of the error if that failed. */
  leave(memberships: Memberships, group: unknown, source: unknown, local: unknown): string | undefined {
    const request = this.#read(group, source, local)
    if (typeof request === "string") return request
    const left: Fault | undefined = memberships.leave(request)
    if (left !== undefined) return codeOf(left)
    this.#joined = this.#joined.filter((other) => !isSame(other, request))
    return undefined
  }

  /**
   * The interfaces by which a datagram to an address leaves, if it is a group that the socket has joined on interfaces of the program's choice.
   */
  ways(to: Address): ReadonlyArray<Way> | undefined {
    if (this.#joined.length === 0 || this.chosen || !to.isMulticast) return undefined
    // A zone in the address is the program's choice.
    if (!(to instanceof Ipv4Address) && to.zone !== 0) return undefined
    const ways: Array<Way> = []
    for (const { group, interfaceIndex, local } of this.#joined)
      if (
        interfaceIndex !== undefined &&
        group.equals(to) &&
        ways.every((other) => other.interfaceIndex !== interfaceIndex)
      )
        ways.push({ interfaceIndex, source: local === undefined ? undefined : String(local) })
    return ways.length === 0 ? undefined : ways
  }

  #read(group: unknown, source: unknown, local: unknown): Joined | string {
    const address = this.#addresses.parse(this.#type, group)
    if (address === undefined)
      return typeof group === "string" && this.#addresses.parse(this.#other, group) !== undefined
        ? "ENOPROTOOPT"
        : "EINVAL"
    const from = source === undefined ? undefined : this.#addresses.parse(this.#type, source)
    if (source !== undefined && from === undefined) return "EINVAL"
    if (local === undefined || local === null || local === "")
      return { group: address, source: from, interfaceIndex: undefined, local: undefined }
    const at = this.#addresses.parse(this.#type, local)
    if (at === undefined) return "EINVAL"
    if (!(at instanceof Ipv4Address))
      return { group: address, source: from, interfaceIndex: at.zone === 0 ? undefined : at.zone, local: undefined }
    if (at.isUnspecified) return { group: address, source: from, interfaceIndex: undefined, local: undefined }
    const interfaceIndex = this.#addresses.interfaceOf(at)
    if (interfaceIndex === undefined) return "ENODEV"
    return { group: address, source: from, interfaceIndex, local: at }
  }

  get #other(): Type {
    return this.#type === "udp4" ? "udp6" : "udp4"
  }
}

const isSame = (one: Joined, other: Joined): boolean =>
  one.group.equals(other.group) &&
  one.interfaceIndex === other.interfaceIndex &&
  (one.source === undefined ? other.source === undefined : one.source.equals(other.source))

/** The groups that a socket has joined, and by which interfaces datagrams to a group leave. */
import { type GroupRequest, Ipv4Address, type Ipv6Address, type Platform } from "@ancillary/control"
import { type Fault, isFault } from "@ancillary/engine/driver/Driver"
import type { OpenSocket } from "@ancillary/engine/socket"
import type { Addresses, Type } from "./addresses.ts"
import { codeOf } from "./errors.ts"

type Address = Ipv4Address | Ipv6Address
type Memberships = OpenSocket["memberships"]

/** A group, and the source whose datagrams are asked for. Both have one family. */
export interface Group {
  readonly group: Address
  readonly source: Address | undefined
}

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
  readonly #platform: Platform
  /** An interface that the program chose for all groups. */
  chosen = false

  constructor(addresses: Addresses, type: Type, platform: Platform) {
    this.#addresses = addresses
    this.#type = type
    this.#platform = platform
  }

  /** Reads a group and a source, which needs no socket. Returns undefined if one of them is not an address, or if their families differ. */
  read(group: unknown, source: unknown): Group | undefined {
    const address = this.#addresses.parse("udp4", group) ?? this.#addresses.parse("udp6", group)
    if (address === undefined) return undefined
    if (source === undefined) return { group: address, source: undefined }
    const from = this.#addresses.parse(typeOf(address), source)
    return from === undefined ? undefined : { group: address, source: from }
  }

  /** Joins a group, from any source or from one. Returns the code of the error if that failed. */
  join(memberships: Memberships, group: Group, local: unknown): string | undefined {
    const request = this.#at(group, local)
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
  leave(memberships: Memberships, group: Group, local: unknown): string | undefined {
    const request = this.#at(group, local)
    // Linux: without the interface there is no membership to leave, for any source.
    if (request === "ENODEV" && group.source === undefined && this.#platform === "linux") return "EADDRNOTAVAIL"
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

  /** Reads the interface of a membership, which is an address of the group's family. Returns the code of the error if that failed. */
  #at(group: Group, local: unknown): Joined | string {
    const type = typeOf(group.group)
    const anywhere = { ...group, interfaceIndex: undefined, local: undefined }
    const isGiven = local !== undefined && local !== null && local !== ""
    const at = isGiven ? this.#addresses.parse(type, local) : undefined
    if (isGiven && at === undefined) return "EINVAL"
    // Linux: an IPv6 socket joins IPv4 groups, too. libuv refuses that on Windows.
    if (type !== this.#type && (type === "udp6" || this.#platform === "winsock"))
      return this.#platform === "winsock" ? "EINVAL" : "ENOPROTOOPT"
    if (at === undefined) return anywhere
    if (!(at instanceof Ipv4Address)) return { ...anywhere, interfaceIndex: at.zone === 0 ? undefined : at.zone }
    if (at.isUnspecified) return anywhere
    const interfaceIndex = this.#addresses.interfaceOf(at)
    return interfaceIndex === undefined ? "ENODEV" : { ...group, interfaceIndex, local: at }
  }
}

const typeOf = (address: Address): Type => (address instanceof Ipv4Address ? "udp4" : "udp6")

const isSame = (one: Joined, other: Joined): boolean =>
  one.group.equals(other.group) &&
  one.interfaceIndex === other.interfaceIndex &&
  (one.source === undefined ? other.source === undefined : one.source.equals(other.source))

/** Groups that one socket has joined, by interface, each with a list of sources. */
import { type Address, isSame } from "../address.ts"
import type { ErrorName } from "./errors.ts"

interface Membership {
  readonly group: Address
  readonly device: number
  /** `include`: only the listed sources are heard. `exclude`: all but those. */
  mode: "include" | "exclude"
  sources: ReadonlyArray<Address>
}

/** Linux: `igmp_max_memberships`, for IPv4 only. */
const mostMemberships = 20

export class Memberships {
  #held: ReadonlyArray<Membership> = []

  /** `isChosen`: a route chose the interface. */
  join(group: Address, device: number, isChosen: boolean): ErrorName | undefined {
    if (this.#meant(group, device, isChosen) !== undefined) return "EADDRINUSE"
    if (group.family === "ipv4" && this.#held.filter((held) => held.group.family === "ipv4").length >= mostMemberships)
      return "ENOBUFS"
    this.#held = [...this.#held, { group, device, mode: "exclude", sources: [] }]
    return undefined
  }

  /** Linux: without an interface, the first membership of the group ends. */
  leave(group: Address, device: number | undefined): ErrorName | undefined {
    const found = this.#held.find(
      (held) => isSame(held.group, group) && (device === undefined || held.device === device)
    )
    if (found === undefined) return "EADDRNOTAVAIL"
    this.#held = this.#held.filter((held) => held !== found)
    return undefined
  }

  joinSource(group: Address, device: number, source: Address, isChosen: boolean): ErrorName | undefined {
    const found = this.#meant(group, device, isChosen)
    if (found === undefined) {
      this.#held = [...this.#held, { group, device, mode: "include", sources: [source] }]
      return undefined
    }
    if (found.mode === "exclude") {
      // Linux: a whole group without excluded sources is narrowed.
      if (found.sources.length > 0) return "EINVAL"
      found.mode = "include"
    }
    // Linux: a source that is joined already is EADDRNOTAVAIL.
    if (found.sources.some((each) => isSame(each, source))) return "EADDRNOTAVAIL"
    found.sources = [...found.sources, source]
    return undefined
  }

  leaveSource(group: Address, device: number, source: Address, isChosen: boolean): ErrorName | undefined {
    const found = this.#meant(group, device, isChosen)
    if (found === undefined) return "EINVAL"
    if (found.mode === "exclude") return found.sources.length > 0 ? "EINVAL" : "EADDRNOTAVAIL"
    if (!found.sources.some((each) => isSame(each, source))) return "EADDRNOTAVAIL"
    found.sources = found.sources.filter((each) => !isSame(each, source))
    // Linux: with its last source the membership ends.
    if (found.sources.length === 0) this.#held = this.#held.filter((held) => held !== found)
    return undefined
  }

  block(group: Address, device: number, source: Address, isChosen: boolean): ErrorName | undefined {
    const found = this.#meant(group, device, isChosen)
    if (found === undefined || found.mode === "include") return "EINVAL"
    if (found.sources.some((each) => isSame(each, source))) return "EADDRNOTAVAIL"
    found.sources = [...found.sources, source]
    return undefined
  }

  unblock(group: Address, device: number, source: Address, isChosen: boolean): ErrorName | undefined {
    const found = this.#meant(group, device, isChosen)
    if (found === undefined || found.mode === "include") return "EINVAL"
    if (!found.sources.some((each) => isSame(each, source))) return "EADDRNOTAVAIL"
    found.sources = found.sources.filter((each) => !isSame(each, source))
    return undefined
  }

  /** True if a membership of this socket lets the datagram into the host. */
  opens(group: Address, device: number, source: Address): boolean {
    const found = this.#find(group, device)
    return found !== undefined && isHeard(found, source)
  }

  /** True if this socket receives the datagram. `all`: groups that it has not joined, too. */
  accepts(group: Address, device: number, source: Address, all: boolean): boolean {
    const found = this.#find(group, device)
    return found === undefined ? all : isHeard(found, source)
  }

  /** Ends memberships of an interface that is gone. */
  end(device: number): void {
    this.#held = this.#held.filter((held) => held.device !== device)
  }

  /** Linux: without an interface, a request for IPv6 means the first membership of the group. */
  #meant(group: Address, device: number, isChosen: boolean): Membership | undefined {
    return isChosen && group.family === "ipv6"
      ? this.#held.find((held) => isSame(held.group, group))
      : this.#find(group, device)
  }

  #find(group: Address, device: number): Membership | undefined {
    return this.#held.find((held) => held.device === device && isSame(held.group, group))
  }
}

const isHeard = ({ mode, sources }: Membership, source: Address): boolean =>
  sources.some((each) => isSame(each, source)) === (mode === "include")

/** Routes of a host: the path to a destination, and the source of a packet. */
import { Ipv4Address } from "@ancillary/control"
import {
  type Address,
  broadcastOf,
  contains,
  type Family,
  isOfInterface,
  isSame,
  keyOf,
  type Prefix,
  sharedBits,
  unspecified
} from "../address.ts"
import type { Device } from "./device.ts"

/** A route that a program added. The networks of a host's own addresses are routes without it. */
export interface Route {
  readonly prefix: Prefix
  readonly device: Device
  /** The router. Absent: every address of the prefix is on the link. */
  readonly via: Address | undefined
}

export interface Path {
  /** The interface that it leaves by. For an address of this host, the one that has the address. */
  readonly device: Device
  readonly kind: "local" | "unicast" | "broadcast" | "multicast"
  readonly nextHop: Address
}

/** Linux: 10 minutes (`mtu_expires`). */
const mtuLife = 600_000_000_000n

export class Routes {
  readonly #devices: ReadonlyArray<Device>
  readonly #now: () => bigint
  #added: ReadonlyArray<Route> = []
  /** Path MTUs that routers reported, by destination. */
  readonly #mtus = new Map<string, { readonly mtu: number; readonly until: bigint }>()

  constructor(devices: ReadonlyArray<Device>, now: () => bigint) {
    this.#devices = devices
    this.#now = now
  }

  add(route: Route): void {
    this.#added = [...this.#added, route]
  }

  /** Removes the routes by an interface. */
  remove(device: Device): void {
    this.#added = this.#added.filter((route) => route.device !== device)
  }

  /** Returns the interface that has an address. One that is unique only on its link needs the interface. */
  owner(address: Address, on?: Device): Device | undefined {
    if (address.family === "ipv4" && address.isLoopback) return this.#loopback()
    return this.#devices.find(
      (device) =>
        (device.up || (device.keepsAddresses && address.family === "ipv4")) &&
        device.owns(address) &&
        (on === undefined || device === on || !(isOfInterface(address) || address.isLoopback))
    )
  }

  /** The interface whose IPv4 network has this broadcast address. */
  broadcaster(address: Address): Device | undefined {
    return this.#up().find(({ addresses }) =>
      addresses.some((prefix) => {
        const broadcast = broadcastOf(prefix)
        return broadcast !== undefined && isSame(broadcast, address)
      })
    )
  }

  /** Finds the path to a destination. `device` restricts it, as `SO_BINDTODEVICE`, packet information and zones do. */
  find(destination: Address, device?: Device, source?: Address): Path | undefined {
    return destination.family === "ipv4" ? this.#find4(destination, device, source) : this.#find6(destination, device)
  }

  #find4(destination: Ipv4Address, on: Device | undefined, source: Address | undefined): Path | undefined {
    const limited = isSame(destination, Ipv4Address.broadcast)
    // Linux: a group, or all hosts, leaves by the interface of the given source.
    const bySource = (limited || destination.isMulticast) && source !== undefined && !source.isUnspecified
    const device = on ?? (bySource ? this.owner(source) : undefined)
    const owner = this.owner(destination)
    if (owner !== undefined && (device === undefined || device === owner))
      return { device: owner, kind: "local", nextHop: destination }
    const kind = destination.isMulticast
      ? "multicast"
      : limited || this.#isBroadcastOf(destination, device)
        ? "broadcast"
        : "unicast"
    const route = this.#longest(destination, device)
    // Linux: with an interface and without a route, the destination is taken to be on its link.
    const out = route?.device ?? (device?.up === true ? device : undefined)
    if (out === undefined) return undefined
    return { device: out, kind, nextHop: (kind === "unicast" ? route?.via : undefined) ?? destination }
  }

  #isBroadcastOf(destination: Address, on: Device | undefined): boolean {
    const device = this.broadcaster(destination)
    return device !== undefined && (on === undefined || on === device)
  }

  #find6(destination: Address, on: Device | undefined): Path | undefined {
    const owner = this.owner(destination, on)
    if (owner !== undefined && (on === undefined || on === owner))
      return { device: owner, kind: "local", nextHop: destination }
    const candidates = this.#up().filter(
      (device) => device.of("ipv6").length > 0 && (on === undefined || device === on)
    )
    if (destination.isMulticast) {
      // Linux: there is no route for groups on the loopback interface.
      const device = candidates.find(({ loopback }) => !loopback)
      return device === undefined ? undefined : { device, kind: "multicast", nextHop: destination }
    }
    const route = this.#longest(destination, on)
    return route === undefined
      ? undefined
      : { device: route.device, kind: "unicast", nextHop: route.via ?? destination }
  }

  #longest(destination: Address, on: Device | undefined): Route | undefined {
    let best: Route | undefined
    const consider = (route: Route) => {
      if (!route.device.up || (on !== undefined && route.device !== on)) return
      if (!contains(route.prefix, destination)) return
      if (best === undefined || route.prefix.length > best.prefix.length) best = route
    }
    for (const device of this.#devices)
      for (const prefix of device.addresses) if (!device.loopback) consider({ prefix, device, via: undefined })
    for (const route of this.#added) consider(route)
    return best
  }

  /** Chooses the source of a packet, as far as RFC 6724 has it for IPv6. If the host has no address, it is the unspecified one. */
  sourceFor(destination: Address, { device, kind, nextHop }: Path): Address {
    if (destination.family === "ipv4") {
      if (kind === "local") return destination.isLoopback ? Ipv4Address.loopback : destination
      // Linux: 127.0.0.1 is only for peers on this host.
      const own = device.of("ipv4").filter(({ address }) => !address.isLoopback)
      const near = own.find((prefix) => contains(prefix, nextHop)) ?? own[0]
      const other = this.#up().find((each) => !each.loopback && each.of("ipv4").length > 0)
      return (near ?? other?.of("ipv4")[0])?.address ?? unspecified.ipv4
    }
    if (kind === "local") return destination
    const candidates = isOfInterface(destination) ? [device] : [device, ...this.#up().filter((each) => each !== device)]
    let best: Address | undefined
    let bestScore = -1
    for (const each of candidates)
      for (const { address } of each.of("ipv6")) {
        const sameScope = isOfInterface(address) === isOfInterface(destination) && !address.isLoopback
        const score = (sameScope ? 1000 : 0) + sharedBits(address, destination)
        if (score > bestScore) {
          best = address
          bestScore = score
        }
      }
    return best ?? unspecified.ipv6
  }

  /** Largest packet that reaches a destination, as far as this host knows. */
  mtu(destination: Address, { device, kind }: Path): number {
    if (kind === "local") return this.#loopback()?.mtu ?? device.mtu
    const known = this.#mtus.get(keyOf(destination))
    return known !== undefined && known.until > this.#now() ? Math.min(known.mtu, device.mtu) : device.mtu
  }

  learnMtu(destination: Address, mtu: number): void {
    const least = destination.family === "ipv4" ? 552 : 1280
    this.#mtus.set(keyOf(destination), { mtu: Math.max(mtu, least), until: this.#now() + mtuLife })
  }

  device(index: number): Device | undefined {
    return this.#devices.find((device) => device.index === index)
  }

  deviceNamed(name: string): Device | undefined {
    return this.#devices.find((device) => device.name === name)
  }

  addresses(family: Family): ReadonlyArray<Address> {
    return this.#up().flatMap((device) => device.of(family).map(({ address }) => address))
  }

  #up(): ReadonlyArray<Device> {
    return this.#devices.filter(({ up }) => up)
  }

  #loopback(): Device | undefined {
    return this.#devices.find(({ loopback, up }) => loopback && up)
  }
}

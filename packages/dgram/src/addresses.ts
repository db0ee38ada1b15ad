/** Addresses as text, as `node:dgram` writes and reads them. */
import { Codec, type Endpoint, type Family, InternetEndpoint, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { type Driver, isFault, type NetworkInterface } from "@ancillary/engine/driver/Driver"

/**
 * The family of a socket: IPv4 or IPv6.
 *
 * @category models
 * @since 0.1.0
 */
export type Type = "udp4" | "udp6"

/**
 * An address and a port of one family.
 *
 * @category models
 * @since 0.1.0
 */
export interface AddressInfo {
  readonly address: string
  readonly family: "IPv4" | "IPv6"
  readonly port: number
}

/** How addresses are read and written for sockets of a driver, whose interfaces are the zones. */
export class Addresses {
  readonly #driver: Driver
  readonly #platform: string
  /** Zone names of the last link-local addresses. */
  readonly #zones = new Map<number, string>()

  constructor(driver: Driver) {
    this.#driver = driver
    this.#platform = driver.abi.platform
  }

  /** Parses an address of the socket's family. Returns undefined if it is not one. A zone that no interface has is 0. */
  parse(type: Type, text: unknown): Ipv4Address | Ipv6Address | undefined {
    if (typeof text !== "string") return undefined
    const parsed = type === "udp4" ? Ipv4Address.parse(text) : Ipv6Address.parse(this.#withZone(text))
    return Codec.isMalformed(parsed) ? undefined : parsed
  }

  endpoint(type: Type, text: string, port: number): Endpoint<Family> | undefined {
    const address = this.parse(type, text)
    if (address === undefined) return undefined
    return address instanceof Ipv4Address
      ? new InternetEndpoint("ipv4", address, port)
      : new InternetEndpoint("ipv6", address, port)
  }

  /** As a program reads it. `type` is the socket's: an IPv4 peer of an IPv6 socket has a mapped address. */
  text(type: Type, address: Ipv4Address | Ipv6Address): string {
    if (address instanceof Ipv4Address) return type === "udp4" ? String(address) : `::ffff:${address}`
    if (address.zone === 0 || !address.isLinkLocal) return String(address.withZone(0))
    return `${address.withZone(0)}%${this.#zoneName(address.zone)}`
  }

  info(type: Type, endpoint: Endpoint<Family>): AddressInfo {
    if (endpoint.family === "unix") throw new TypeError("An internet socket has no path.")
    const { address, port } = endpoint
    return { address: this.text(type, address), family: type === "udp4" ? "IPv4" : "IPv6", port }
  }

  /** The interface that has an IPv4 address. The loopback one has all of 127.0.0.0/8. */
  interfaceOf(address: Ipv4Address): number | undefined {
    const interfaces = this.interfaces()
    const owner = interfaces.find(({ addresses }) => addresses.some((own) => own.address.equals(address)))
    const isLoopback = address.value >>> 24 === 127
    return (owner ?? (isLoopback ? interfaces.find(({ loopback }) => loopback) : undefined))?.index
  }

  interfaces(): ReadonlyArray<NetworkInterface> {
    const interfaces = this.#driver.interfaces()
    return isFault(interfaces) ? [] : interfaces
  }

  /** The text with an index in place of a name behind `%`. */
  #withZone(text: string): string {
    const percent = text.indexOf("%")
    if (percent < 0) return text
    const zone = text.slice(percent + 1)
    if (/^(0|[1-9][0-9]*)$/.test(zone)) return text
    return `${text.slice(0, percent)}%${this.#indexOf(zone) ?? 0}`
  }

  #indexOf(name: string): number | undefined {
    return this.#driver.interfaceIndex === undefined
      ? this.interfaces().find((each) => each.name === name)?.index
      : this.#driver.interfaceIndex(name)
  }

  /** The name of an interface, if it has one. */
  nameOf(index: number): string | undefined {
    return this.interfaces().find((each) => each.index === index)?.name
  }

  /** The name of an interface as a zone, which is an index on Windows. */
  #zoneName(index: number): string {
    if (this.#platform === "winsock") return String(index)
    const known = this.#zones.get(index)
    if (known !== undefined) return known
    const name = this.nameOf(index) ?? String(index)
    this.#zones.set(index, name)
    return name
  }
}

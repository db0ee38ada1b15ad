import { ValueObject, mix } from "./ValueObject.ts"
import { isInteger, type Malformed, format } from "./Codec.ts"
import { isIpv4, isIpv6 } from "./internal/addresses.ts"
import { within } from "./internal/bounds.ts"
import { Ipv4Address } from "./Ipv4Address.ts"
import { Ipv6Address } from "./Ipv6Address.ts"

/**
 * The address family of a spec. `dual` is one IPv6 socket that also serves IPv4 peers, and it reports them as IPv4.
 *
 * @category models
 * @since 0.1.0
 */
export type Family = "ipv4" | "ipv6" | "dual" | "unix"

/**
 * The families of the Internet Protocol.
 *
 * @category models
 * @since 0.1.0
 */
export type Internet = Exclude<Family, "unix">

/**
 * The address type of each family.
 *
 * @category models
 * @since 0.1.0
 */
export interface AddressOf {
  readonly ipv4: Ipv4Address
  readonly ipv6: Ipv6Address
  readonly dual: Ipv4Address | Ipv6Address
}

/**
 * The address type of a family.
 *
 * @category models
 * @since 0.1.0
 */
export type Address<F extends Family> = F extends keyof AddressOf ? AddressOf[F] : never

/**
 * Source or destination of a datagram: an address and a port.
 *
 * @category models
 * @since 0.1.0
 */
export class InternetEndpoint<F extends "ipv4" | "ipv6"> extends ValueObject {
  readonly family: F
  readonly address: AddressOf[F]
  /** 0 to 65535. */
  readonly port: number

  /**
   * Throws a `RangeError` if the port is not an integer from 0 to 65535. Throws a `TypeError` if the address is not of
   * the family.
   */
  constructor(family: F, address: AddressOf[F], port: number) {
    super()
    within("A port", port, 0, 65_535)
    if (!(family === "ipv4" ? isIpv4(address) : family === "ipv6" && isIpv6(address)))
      throw new TypeError(`${format(address)} is not an address of ${format(family)}: give one of that family.`)
    this.family = family
    this.address = address
    this.port = port
  }

  equals(that: unknown): boolean {
    return that instanceof InternetEndpoint && that.port === this.port && this.address.equals(that.address)
  }
  hash(): number {
    return mix(this.address.hash() ^ this.port)
  }
  /** `192.0.2.1:53`, `[2001:db8::1]:53`. */
  toString(): string {
    return this.family === "ipv6" ? `[${this.address}]:${this.port}` : `${this.address}:${this.port}`
  }
}

/**
 * The name of a Unix socket: a path or an abstract name, which begins with a NUL. If the socket is unnamed, it is
 * `undefined`.
 *
 * @category models
 * @since 0.1.0
 */
export class UnixEndpoint extends ValueObject {
  readonly family = "unix"
  readonly path: string | undefined

  /** Throws a `TypeError` if the path is neither a string nor absent. */
  constructor(path: string | undefined) {
    super()
    if (path !== undefined && typeof path !== "string")
      throw new TypeError(`${format(path)} is not the name of a Unix socket: give a text.`)
    this.path = path
  }

  equals(that: unknown): boolean {
    return that instanceof UnixEndpoint && that.path === this.path
  }
  hash(): number {
    let hash = 0
    for (const char of this.path ?? "") hash = mix(hash ^ (char.codePointAt(0) ?? 0))
    return hash
  }
  /** Returns the path, or an abstract name after `@`, as `ss` and `netstat` print it. */
  toString(): string {
    return this.path === undefined ? "unnamed" : this.path.startsWith("\0") ? `@${this.path.slice(1)}` : this.path
  }
}

/**
 * Source or destination of a datagram of a family.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint<F extends Family> = F extends "unix"
  ? UnixEndpoint
  : F extends "dual"
    ? InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6">
    : F extends "ipv4" | "ipv6"
      ? InternetEndpoint<F>
      : never

/**
 * Addresses of other libraries, by family: those of Effect 4's `effect/net/NetAddress`. They have a tag, and their text is the address.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaggedAddressOf {
  readonly ipv4: { readonly _tag: "Ipv4Address"; toString(): string }
  readonly ipv6: { readonly _tag: "Ipv6Address"; toString(): string }
  readonly dual: { readonly _tag: "Ipv4Address" | "Ipv6Address"; toString(): string }
}

/**
 * Forms in which a program may write an endpoint. An address and a port of Effect 4's `NetAddress.InetAddress` are one of them.
 *
 * @category models
 * @since 0.1.0
 */
export type EndpointInput<F extends Family> = F extends "unix"
  ? { readonly path: string } | UnixEndpoint
  : { readonly address: string | Address<F> | TaggedAddressOf[F & Internet]; readonly port: number }

/**
 * Reads an address in either notation. The notation decides the family.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parseAddress = (text: string): Ipv4Address | Ipv6Address | Malformed =>
  typeof text === "string" && text.includes(":") ? Ipv6Address.parse(text) : Ipv4Address.parse(text)

/**
 * Makes an endpoint from user input, or returns the problem of the input. On a `dual` socket an IPv4 address makes an
 * IPv4 endpoint, also in the mapped notation (`::ffff:192.0.2.1`).
 *
 * **Details**
 *
 * It never throws: an object that cannot be read is `Malformed`. Each field is read once. The endpoint is a new object
 * that shares nothing with the input.
 *
 * @category constructors
 * @since 0.1.0
 */
export const endpoint = <F extends Family>(family: F, input: EndpointInput<F> | Endpoint<F>): Endpoint<F> | Malformed =>
  // Every branch makes an endpoint of the given family, but the compiler cannot follow that through a conditional type.
  makeEndpoint(family, input) as Endpoint<F> | Malformed

type Made = InternetEndpoint<"ipv4"> | InternetEndpoint<"ipv6"> | UnixEndpoint | Malformed

const makeEndpoint = (family: Family, input: unknown): Made => {
  try {
    return readEndpoint(family, input)
  } catch (cause) {
    return { malformed: `the endpoint cannot be read (${format(cause)})`, offset: 0 }
  }
}

const readEndpoint = (family: Family, input: unknown): Made => {
  if (typeof input !== "object" || input === null)
    return { malformed: `${format(input)} is not an endpoint`, offset: 0 }
  if (family === "unix") {
    const path = "path" in input ? input.path : undefined
    if (path === undefined && input instanceof UnixEndpoint) return new UnixEndpoint(undefined)
    return typeof path === "string" && path.length > 0
      ? new UnixEndpoint(path)
      : { malformed: `a Unix socket is named by a path that is not empty, not by ${format(path)}`, offset: 0 }
  }
  if (family !== "ipv4" && family !== "ipv6" && family !== "dual")
    return { malformed: `${format(family)} is not a family: "ipv4", "ipv6", "dual" or "unix"`, offset: 0 }
  const port = "port" in input ? input.port : undefined
  if (!isInteger(port, 0, 65535))
    return { malformed: `the port ${format(port)} is not an integer from 0 to 65535`, offset: 0 }
  const address = zoned(readAddress("address" in input ? input.address : undefined), input)
  if (!(address instanceof Ipv4Address || address instanceof Ipv6Address)) return address
  if (address instanceof Ipv4Address)
    return family === "ipv6"
      ? { malformed: `${address} is an IPv4 address, this socket speaks IPv6 only`, offset: 0 }
      : new InternetEndpoint("ipv4", address, port)
  if (family === "ipv4") return { malformed: `${address} is an IPv6 address, this socket speaks IPv4 only`, offset: 0 }
  const mapped = family === "dual" ? address.toIpv4() : undefined
  return mapped === undefined ? new InternetEndpoint("ipv6", address, port) : new InternetEndpoint("ipv4", mapped, port)
}

/** Adds the zone that an endpoint of another library has beside its address. */
const zoned = (
  address: Ipv4Address | Ipv6Address | Malformed,
  input: object
): Ipv4Address | Ipv6Address | Malformed => {
  if (!(address instanceof Ipv6Address) || !("scopeId" in input)) return address
  const { scopeId } = input
  if (!isInteger(scopeId, 0, 0xffffffff))
    return { malformed: `the scope ${format(scopeId)} is not an interface index`, offset: 0 }
  return scopeId === 0 ? address : new Ipv6Address(address.a, address.b, address.c, address.d, scopeId)
}

/**
 * Reads an address from a string or an address object, or returns the problem of the input.
 *
 * **Details**
 *
 * It never throws. The address is a new object. The numbers of an object that only claims to be an address are read
 * once and checked.
 *
 * @category constructors
 * @since 0.1.0
 */
export const readAddress = (given: unknown): Ipv4Address | Ipv6Address | Malformed => {
  try {
    if (typeof given === "string") return parseAddress(given)
    if (given instanceof Ipv4Address) {
      const { value } = given
      if (isInteger(value, 0, 0xffffffff)) return new Ipv4Address(value)
    } else if (given instanceof Ipv6Address) {
      const { a, b, c, d, zone } = given
      if ([a, b, c, d, zone].every((word) => isInteger(word, 0, 0xffffffff))) return new Ipv6Address(a, b, c, d, zone)
    } else if (isTagged(given)) return parseAddress(String(given))
    return { malformed: `${format(given)} is not an IP address`, offset: 0 }
  } catch (cause) {
    return { malformed: `the address cannot be read (${format(cause)})`, offset: 0 }
  }
}

const isTagged = (given: unknown): given is TaggedAddressOf["dual"] =>
  typeof given === "object" &&
  given !== null &&
  "_tag" in given &&
  (given._tag === "Ipv4Address" || given._tag === "Ipv6Address")

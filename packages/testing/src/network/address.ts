/** Addresses and prefixes as hosts and routes have them. */
import { Codec, Ipv4Address, Ipv6Address } from "@ancillary/control"

export type Address = Ipv4Address | Ipv6Address
export type Family = "ipv4" | "ipv6"

/** Bits of an address. */
export const widths = { ipv4: 32, ipv6: 128 } as const

/** An address, and the number of its leading bits that its network shares. */
export interface Prefix {
  readonly address: Address
  readonly length: number
}

/** A text that is equal for equal addresses, whatever their zone. */
export const keyOf = (address: Address): string =>
  address.family === "ipv4" ? `${address.value}` : `${address.a}:${address.b}:${address.c}:${address.d}`

export const isSame = (one: Address, other: Address): boolean =>
  one.family === "ipv4"
    ? other.family === "ipv4" && one.value === other.value
    : other.family === "ipv6" && one.a === other.a && one.b === other.b && one.c === other.c && one.d === other.d

export const unspecified = { ipv4: Ipv4Address.unspecified, ipv6: Ipv6Address.unspecified } as const

const wordsOf = (address: Address): ReadonlyArray<number> =>
  address.family === "ipv4" ? [address.value] : [address.a, address.b, address.c, address.d]

/** Number of leading bits that two addresses of one family share. */
export const sharedBits = (one: Address, other: Address): number => {
  const [a, b] = [wordsOf(one), wordsOf(other)]
  let bits = 0
  for (const [i, word] of a.entries()) {
    const difference = (word ^ (b[i] ?? 0)) >>> 0
    if (difference !== 0) return bits + Math.clz32(difference)
    bits += 32
  }
  return bits
}

export const contains = (prefix: Prefix, address: Address): boolean =>
  prefix.address.family === address.family && sharedBits(prefix.address, address) >= prefix.length

/** The highest address of an IPv4 network, which all its hosts receive. Networks of 31 and 32 bits have none. */
export const broadcastOf = ({ address, length }: Prefix): Ipv4Address | undefined =>
  address.family === "ipv4" && length < 31
    ? new Ipv4Address((address.value | (length === 0 ? 0xffffffff : 0xffffffff >>> length)) >>> 0)
    : undefined

/** Reads `10.0.0.1/24`. Without a length the prefix is the address alone. `default` is not an address: give `0.0.0.0/0` or `::/0`. */
export const parsePrefix = (text: string): Prefix => {
  const [before = "", after] = text.split("/")
  const address = parseAddress(before)
  const width = widths[address.family]
  const length = after === undefined ? width : Number(after)
  if (!Number.isInteger(length) || length < 0 || length > width || after === "")
    throw new TypeError(`${Codec.format(text)} has no prefix length from 0 to ${width}.`)
  return { address, length }
}

export const parseAddress = (text: string): Address => {
  const address = text.includes(":") ? Ipv6Address.parse(text) : Ipv4Address.parse(text)
  if (Codec.isMalformed(address)) throw new TypeError(`${Codec.format(text)}: ${address.malformed}.`)
  return address
}

/** The address of the same host without its zone. */
export const withoutZone = (address: Address): Address =>
  address.family === "ipv6" && address.zone !== 0
    ? new Ipv6Address(address.a, address.b, address.c, address.d)
    : address

/** Link-local addresses, and groups of that scope or a smaller one, are unique only on one interface. */
export const isOfInterface = (address: Address): boolean =>
  address.family === "ipv6" && (address.isLinkLocal || (address.isMulticast && ((address.a >>> 16) & 0xf) <= 2))

import { Ipv4Address } from "../Ipv4Address.ts"
import { Ipv6Address } from "../Ipv6Address.ts"

/** Returns true for an address. An object that only inherits from the class has no numbers. */
export const isIpv4 = (value: unknown): value is Ipv4Address => value instanceof Ipv4Address && isWord(value.value)

export const isIpv6 = (value: unknown): value is Ipv6Address =>
  value instanceof Ipv6Address &&
  isWord(value.a) &&
  isWord(value.b) &&
  isWord(value.c) &&
  isWord(value.d) &&
  isWord(value.zone)

const isWord = (value: number): boolean => value >>> 0 === value

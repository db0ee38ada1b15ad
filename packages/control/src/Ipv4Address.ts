import { ValueObject, mix } from "./ValueObject.ts"
import type { Malformed } from "./Codec.ts"
import { format, within, word } from "./internal/bounds.ts"

/**
 * An IPv4 address: one unsigned 32-bit number, formatted only on demand.
 *
 * @example
 * ```ts
 * import { Ipv4Address } from "@ancillary/control"
 *
 * String(Ipv4Address.of(192, 0, 2, 1)) // => "192.0.2.1"
 * Ipv4Address.parse("010.1.1.1") // => { malformed: "'010' has a leading zero: octal to some, decimal to others", offset: 0 }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Ipv4Address extends ValueObject {
  readonly family = "ipv4"
  /** In host byte order, unsigned: 127.0.0.1 is `0x7f000001`. */
  readonly value: number

  /** Accepts a 32-bit number in host byte order, signed or unsigned. Throws a `RangeError` for any other number. */
  constructor(value: number) {
    super()
    this.value = word("An IPv4 address", value)
  }

  /** Makes an address from four octets. Throws a `RangeError` for one that is not an integer from 0 to 255. */
  static of(a: number, b: number, c: number, d: number): Ipv4Address {
    for (const octet of [a, b, c, d]) within("An octet", octet, 0, 255)
    return new Ipv4Address((a << 24) | (b << 16) | (c << 8) | d)
  }

  /**
   * Reads only dotted decimal in four parts. `inet_aton` also accepts octal, hexadecimal and fewer parts, which are
   * different addresses to different programs (RFC 6943 section 3.1.1).
   */
  static parse(text: string): Ipv4Address | Malformed {
    if (typeof text !== "string") return { malformed: `${format(text)} is not the text of an IPv4 address`, offset: 0 }
    const parts = text.split(".")
    if (parts.length !== 4) return { malformed: `'${text}' does not have the four parts of an IPv4 address`, offset: 0 }
    let value = 0
    let offset = 0
    for (const part of parts) {
      if (!/^[0-9]{1,3}$/.test(part) || Number(part) > 255)
        return { malformed: `'${part}' is not a number from 0 to 255`, offset }
      if (part.length > 1 && part.startsWith("0")) {
        return { malformed: `'${part}' has a leading zero: octal to some, decimal to others`, offset }
      }
      value = value * 256 + Number(part)
      offset += part.length + 1
    }
    return new Ipv4Address(value)
  }

  /** 0.0.0.0: every address of this host. */
  static readonly unspecified: Ipv4Address = new Ipv4Address(0)
  /** 127.0.0.1 */
  static readonly loopback: Ipv4Address = new Ipv4Address(0x7f000001)
  /** 255.255.255.255, the limited broadcast address. */
  static readonly broadcast: Ipv4Address = new Ipv4Address(0xffffffff)

  /** 0.0.0.0 */
  get isUnspecified(): boolean {
    return this.value === 0
  }
  /** 127.0.0.0/8 */
  get isLoopback(): boolean {
    return this.value >>> 24 === 127
  }
  /** 224.0.0.0/4 (RFC 5771). */
  get isMulticast(): boolean {
    return this.value >>> 28 === 14
  }
  /** 169.254.0.0/16 (RFC 3927). */
  get isLinkLocal(): boolean {
    return this.value >>> 16 === 0xa9fe
  }

  equals(that: unknown): boolean {
    return that instanceof Ipv4Address && that.value === this.value
  }
  hash(): number {
    return mix(this.value)
  }
  /** Dotted decimal. */
  toString(): string {
    return `${this.value >>> 24}.${(this.value >>> 16) & 255}.${(this.value >>> 8) & 255}.${this.value & 255}`
  }
}

import { ValueObject, mix } from "./ValueObject.ts"
import { isMalformed, type Malformed } from "./Codec.ts"
import { format, within, word } from "./internal/bounds.ts"
import { Ipv4Address } from "./Ipv4Address.ts"

/**
 * An IPv6 address with its zone: four unsigned 32-bit numbers and an interface index, formatted only on demand (RFC
 * 5952).
 *
 * **Gotchas**
 *
 * The zone is an interface index (`fe80::1%2`), or 0 without a zone. A zone by name (`%eth0`) is not read here, because
 * only its host knows the index. `bind`, `connect`, `send` and `join` of `@ancillary/effect3` accept it.
 *
 * @example
 * ```ts
 * import { Ipv6Address } from "@ancillary/control"
 *
 * String(Ipv6Address.parse("2001:DB8:0:0:0:0:0:1")) // => "2001:db8::1"
 * String(Ipv6Address.parse("::ffff:c000:201")) // => "::ffff:192.0.2.1"
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Ipv6Address extends ValueObject {
  readonly family = "ipv6"
  /** The address as four 32-bit numbers in host byte order, the leftmost first. */
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
  /** Interface index that a link-local address belongs to (`sin6_scope_id`). 0: no zone. */
  readonly zone: number

  /** Accepts 32-bit numbers, signed or unsigned. Throws a `RangeError` for any other number. */
  constructor(a: number, b: number, c: number, d: number, zone = 0) {
    super()
    this.a = word("A word of an IPv6 address", a)
    this.b = word("A word of an IPv6 address", b)
    this.c = word("A word of an IPv6 address", c)
    this.d = word("A word of an IPv6 address", d)
    this.zone = word("A zone", zone)
  }

  /**
   * Makes an address from eight groups, in the order of the notation. Throws a `RangeError` for one that is not an
   * integer from 0 to 65535.
   */
  static of(groups: readonly [number, number, number, number, number, number, number, number], zone = 0): Ipv6Address {
    const [g0, g1, g2, g3, g4, g5, g6, g7] = groups
    for (const group of [g0, g1, g2, g3, g4, g5, g6, g7]) within("A group of an IPv6 address", group, 0, 0xffff)
    return new Ipv6Address((g0 << 16) | g1, (g2 << 16) | g3, (g4 << 16) | g5, (g6 << 16) | g7, zone)
  }

  /**
   * Makes `::ffff:a.b.c.d`, the form in which a socket for both families reports an IPv4 peer (RFC 4291 section
   * 2.5.5.2).
   */
  static fromIpv4(address: Ipv4Address): Ipv6Address {
    return new Ipv6Address(0, 0, 0xffff, address.value)
  }

  /** Reads the forms of RFC 4291 section 2.2, with a numeric zone after `%`. */
  static parse(text: string): Ipv6Address | Malformed {
    if (typeof text !== "string") return { malformed: `${format(text)} is not the text of an IPv6 address`, offset: 0 }
    const percent = text.indexOf("%")
    const address = percent < 0 ? text : text.slice(0, percent)
    let zone = 0
    if (percent >= 0) {
      const written = text.slice(percent + 1)
      if (!/^(0|[1-9][0-9]{0,9})$/.test(written) || Number(written) > 0xffffffff) {
        return { malformed: `the zone '${written}' is not an interface index`, offset: percent + 1 }
      }
      zone = Number(written)
    }
    const groups = parseGroups(address)
    if (isMalformed(groups)) return groups
    const word = (at: number) => ((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0)
    return new Ipv6Address(word(0), word(2), word(4), word(6), zone)
  }

  /** `::`, every address of this host. */
  static readonly unspecified: Ipv6Address = new Ipv6Address(0, 0, 0, 0)
  /** `::1` */
  static readonly loopback: Ipv6Address = new Ipv6Address(0, 0, 0, 1)

  /** `::` */
  get isUnspecified(): boolean {
    return (this.a | this.b | this.c | this.d) === 0
  }
  /** `::1` */
  get isLoopback(): boolean {
    return (this.a | this.b | this.c) === 0 && this.d === 1
  }
  /** ff00::/8 */
  get isMulticast(): boolean {
    return this.a >>> 24 === 0xff
  }
  /** fe80::/10, whose addresses also require an interface, the zone. */
  get isLinkLocal(): boolean {
    return this.a >>> 22 === 0xfe80 >>> 6
  }
  /** ::ffff:0:0/96 */
  get isIpv4Mapped(): boolean {
    return this.a === 0 && this.b === 0 && this.c === 0xffff
  }
  /** Returns the IPv4 address of a mapped address, or `undefined`. */
  toIpv4(): Ipv4Address | undefined {
    return this.isIpv4Mapped ? new Ipv4Address(this.d) : undefined
  }
  withZone(zone: number): Ipv6Address {
    return new Ipv6Address(this.a, this.b, this.c, this.d, zone)
  }

  equals(that: unknown): boolean {
    return (
      that instanceof Ipv6Address &&
      that.d === this.d &&
      that.c === this.c &&
      that.b === this.b &&
      that.a === this.a &&
      that.zone === this.zone
    )
  }
  hash(): number {
    return mix(mix(mix(mix(mix(this.a) ^ this.b) ^ this.c) ^ this.d) ^ this.zone)
  }
  /** Returns the canonical text of RFC 5952, followed by `%zone` if the address has a zone. */
  toString(): string {
    const text = this.isIpv4Mapped
      ? `::ffff:${new Ipv4Address(this.d)}`
      : formatGroups([this.a, this.b, this.c, this.d])
    return this.zone === 0 ? text : `${text}%${this.zone}`
  }
}

const parseGroups = (text: string): ReadonlyArray<number> | Malformed => {
  const gap = text.indexOf("::")
  if (gap >= 0 && text.indexOf("::", gap + 1) >= 0)
    return { malformed: `'${text}' has '::' more than once`, offset: gap }
  const head = parseHalf(gap < 0 ? text : text.slice(0, gap), 0, gap < 0)
  if (isMalformed(head)) return head
  if (gap < 0)
    return head.length === 8
      ? head
      : { malformed: `'${text}' does not have the eight groups of an IPv6 address`, offset: 0 }
  const tail = parseHalf(text.slice(gap + 2), gap + 2, true)
  if (isMalformed(tail)) return tail
  // "::" replaces at least one group (RFC 4291 section 2.2).
  if (head.length + tail.length > 7) return { malformed: `'${text}' has more than eight groups`, offset: 0 }
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** Reads the groups between colons. Dotted decimal is allowed only at the end of the address. */
const parseHalf = (text: string, offset: number, last: boolean): ReadonlyArray<number> | Malformed => {
  if (text === "") return []
  const groups: Array<number> = []
  let at = offset
  const parts = text.split(":")
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes(".")) {
      const embedded = Ipv4Address.parse(part)
      if (isMalformed(embedded)) return { malformed: embedded.malformed, offset: at + embedded.offset }
      groups.push(embedded.value >>> 16, embedded.value & 0xffff)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return { malformed: `'${part}' is not a group of one to four hexadecimal digits`, offset: at }
    at += part.length + 1
  }
  return groups
}

const formatGroups = (words: readonly [number, number, number, number]): string => {
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff])
  // RFC 5952 section 4.2: "::" replaces the longest run of zero groups, the first if two are equal. It never replaces a
  // single group.
  let from = 0
  let length = 0
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > length) {
      from = at
      length = end - at
    }
    if (end > at) at = end
  }
  const text = (part: ReadonlyArray<number>) => part.map((group) => group.toString(16)).join(":")
  return length < 2 ? text(groups) : `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`
}

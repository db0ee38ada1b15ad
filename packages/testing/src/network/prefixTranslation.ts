/** Network prefix translation of IPv6 (RFC 6296): another prefix, and the same ports and checksums. */
import { Codec, Ipv6Address } from "@ancillary/control"
import { type Address, contains, parsePrefix, type Prefix } from "./address.ts"
import type { Device } from "./ip/device.ts"
import { icmpHeaderSize, readError } from "./ip/icmp.ts"
import { type Packet, protocols } from "./ip/packet.ts"
import type { Box, Middlebox } from "./middlebox.ts"

/**
 * Settings of a prefix translation.
 *
 * @category models
 * @since 0.1.0
 */
export interface PrefixTranslationOptions {
  /** Name of the router's interface to the world. */
  readonly outside: string
  /** Prefix of the hosts inside: `fd00:1::/48`. At most 64 bits. */
  readonly inner: string
  /** Prefix that the world sees, of the same length. Hosts outside need a route to it by the router. */
  readonly outer: string
}

/** 16 bits, added with the carry (RFC 1071). The sum is never 0xffff, which is another way to write 0. */
const add = (a: number, b: number): number => {
  const sum = a + b
  const folded = (sum & 0xffff) + (sum >>> 16)
  return folded === 0xffff ? 0 : folded
}

const wordsOf = ({ a, b, c, d }: Ipv6Address): Array<number> =>
  [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff])

const addressOf = (words: ReadonlyArray<number>): Ipv6Address => {
  const at = (index: number) => (((words[index] ?? 0) << 16) | (words[index + 1] ?? 0)) >>> 0
  return new Ipv6Address(at(0), at(2), at(4), at(6))
}

const sumOf = (address: Address): number =>
  address.family === "ipv6" ? wordsOf(address).reduce((sum, word) => add(sum, word), 0) : 0

/** Replaces a prefix by another of the same length. The first word behind it takes the difference, so that no checksum changes. */
const mapped = (address: Ipv6Address, from: Prefix, to: Prefix): Ipv6Address | undefined => {
  if (to.address.family !== "ipv6") return undefined
  const [words, prefix] = [wordsOf(address), wordsOf(to.address)]
  for (let bit = 0, word = 0; bit < to.length; bit += 16, word++) {
    const mask = to.length - bit >= 16 ? 0xffff : 0xffff & ~(0xffff >>> (to.length - bit))
    words[word] = ((prefix[word] ?? 0) & mask) | ((words[word] ?? 0) & ~mask & 0xffff)
  }
  // RFC 6296, sections 3.4 and 3.5: the subnet, or with more than 48 bits the first word of the interface identifier that is not 0xffff.
  const candidates = to.length <= 48 ? [3] : [4, 5, 6, 7]
  const at = candidates.find((word) => words[word] !== 0xffff)
  if (at === undefined) return undefined
  words[at] = add(words[at] ?? 0, add(sumOf(from.address), ~sumOf(to.address) & 0xffff))
  return addressOf(words)
}

class PrefixTranslation implements Box {
  readonly #outside: string
  readonly #inner: Prefix
  readonly #outer: Prefix

  constructor(outside: string, inner: Prefix, outer: Prefix) {
    this.#outside = outside
    this.#inner = inner
    this.#outer = outer
  }

  passes(packet: Packet, _from: Device, to: Device): Packet | undefined {
    const { source } = packet
    if (to.name !== this.#outside || source.family !== "ipv6" || !contains(this.#inner, source)) return packet
    const outer = mapped(source, this.#inner, this.#outer)
    return outer === undefined ? undefined : this.#quoting({ ...packet, source: outer }, this.#inner, this.#outer, 24)
  }

  arrives(packet: Packet, from: Device): Packet | undefined {
    const { destination } = packet
    if (from.name !== this.#outside || destination.family !== "ipv6" || from.owns(destination)) return undefined
    if (!contains(this.#outer, destination)) return undefined
    const inner = mapped(destination, this.#outer, this.#inner)
    return inner === undefined
      ? undefined
      : this.#quoting({ ...packet, destination: inner }, this.#outer, this.#inner, 8)
  }

  /** Translates an address of a quoted packet, at this offset. Checksums stay right, because the sum of the address stays the same. */
  #quoting(packet: Packet, from: Prefix, to: Prefix, at: number): Packet {
    const isError = packet.protocol === protocols.icmp6 && readError("ipv6", packet.body) !== undefined
    if (!isError || packet.body.length < icmpHeaderSize + 40) return packet
    const body = packet.body.slice()
    const view = new DataView(body.buffer, icmpHeaderSize + at, 16)
    const quoted = new Ipv6Address(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12))
    const changed = contains(from, quoted) ? mapped(quoted, from, to) : undefined
    if (changed === undefined) return packet
    for (const [i, word] of [changed.a, changed.b, changed.c, changed.d].entries()) view.setUint32(4 * i, word)
    return { ...packet, body }
  }
}

/**
 * Makes a stateless translation of IPv6 prefixes for `host.use`, as RFC 6296 has it (NPTv6). Each host inside has an address outside, with the same
 * ports, so peers may begin. The subnet or the interface identifier takes the difference, so checksums stay right. Throws `TypeError` if the
 * prefixes are not IPv6 ones of one length up to 64.
 *
 * @category middleboxes
 * @since 0.1.0
 */
export const prefixTranslation = ({ inner, outer, outside }: PrefixTranslationOptions): Middlebox => {
  const [from, to] = [parsePrefix(inner), parsePrefix(outer)]
  for (const [prefix, text] of [
    [from, inner],
    [to, outer]
  ] as const)
    if (prefix.address.family !== "ipv6" || prefix.length > 64 || prefix.length !== from.length)
      throw new TypeError(`${Codec.format(text)}: give two IPv6 prefixes of the same length, at most 64 bits.`)
  return { outside, box: () => new PrefixTranslation(outside, from, to) }
}

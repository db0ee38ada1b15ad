/**
 * Extensions of ICMP error messages: information that a router adds after the quoted datagram.
 *
 * **Details**
 *
 * An extension is a header of 4 bytes (version 2, a checksum) and objects, all in network byte order. Each object
 * begins with its length in bytes, its class and its type. ICMP for IPv4 and ICMPv6 have equal extensions.
 *
 * Reading is total: any bytes result in objects or a `Malformed`. If a payload violates its class, its object is
 * `unknown`.
 *
 * @example
 * ```ts
 * import { IcmpExtension } from "@ancillary/control"
 *
 * IcmpExtension.decode(Uint8Array.of(0x20, 0, 0, 0, 0, 8, 1, 1, 0x05, 0xdc, 0x11, 0x01))
 * // => [{ kind: "mplsLabelStack", labels: [{ label: 24001, trafficClass: 0, bottomOfStack: true, ttl: 1 }] }]
 * ```
 *
 * @see RFC 4884 section 7; RFC 4950; RFC 5837
 * @since 0.1.0
 */
import { type Malformed, format } from "./Codec.ts"
import { isBytes } from "./internal/givenBytes.ts"
import { fromUtf8 } from "./internal/utf8.ts"
import { Ipv4Address } from "./Ipv4Address.ts"
import type { Ipv6Address } from "./Ipv6Address.ts"
import { readIpv6 } from "./SocketAddress.ts"

/**
 * One entry of an MPLS label stack.
 *
 * @see RFC 3032 section 2.1; RFC 5462
 * @category models
 * @since 0.1.0
 */
export interface MplsLabel {
  /** 0 to 1048575. */
  readonly label: number
  /** 0 to 7. */
  readonly trafficClass: number
  /** True for the last entry of the stack. */
  readonly bottomOfStack: boolean
  /** Hops left, 0 to 255. */
  readonly ttl: number
}

/**
 * The MPLS label stack with which the quoted datagram arrived at the router, outermost label first.
 *
 * @see RFC 4950
 * @category models
 * @since 0.1.0
 */
export interface MplsLabelStack {
  readonly kind: "mplsLabelStack"
  readonly labels: ReadonlyArray<MplsLabel>
}

/**
 * An interface of the router. A field is absent if the router did not report it.
 *
 * @see RFC 5837 section 4
 * @category models
 * @since 0.1.0
 */
export interface InterfaceInformation {
  readonly kind: "interface"
  /**
   * The role of the interface for the quoted datagram. The datagram arrived on it (`incoming`), or on a component below
   * IP (`incomingSubIp`), such as one link of a bundle. It would have left by it (`outgoing`), or would have been
   * forwarded to this next hop (`nextHop`).
   */
  readonly role: "incoming" | "incomingSubIp" | "outgoing" | "nextHop"
  /** The router's own number of the interface (`ifIndex` of SNMP), 0 to 4294967295. */
  readonly index?: number | undefined
  readonly address?: Ipv4Address | Ipv6Address | undefined
  /** At most 63 bytes of UTF-8. A byte that is not UTF-8 is read as the character U+DC00 above it. */
  readonly name?: string | undefined
  /** Bytes of the largest packet, 0 to 4294967295. */
  readonly mtu?: number | undefined
}

/**
 * An object of another class or type, or an object whose payload violates its class.
 *
 * @category models
 * @since 0.1.0
 */
export interface UnknownObject {
  readonly kind: "unknown"
  /** `Class-Num`, 0 to 255. */
  readonly class: number
  /** `C-Type`, 0 to 255. */
  readonly type: number
  /** A copy of the bytes after the header of the object. */
  readonly payload: Uint8Array
}

/**
 * One object of an extension.
 *
 * @category models
 * @since 0.1.0
 */
export type IcmpExtension = MplsLabelStack | InterfaceInformation | UnknownObject

/**
 * Bytes of the header of an extension, and of the header of each object.
 *
 * @category sizes
 * @since 0.1.0
 */
export const headerSize = 4

/**
 * Reads an extension, from its header to the end of the ICMP message. Payloads are copies.
 *
 * **Details**
 *
 * The checksum is verified. A checksum of 0 is accepted, because it means that no checksum was sent.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (bytes: Uint8Array): ReadonlyArray<IcmpExtension> | Malformed => {
  if (!isBytes(bytes)) return { malformed: `${format(bytes)} is not a Uint8Array`, offset: 0 }
  if (bytes.length < headerSize)
    return { malformed: `an extension has a header of ${headerSize} bytes, not ${bytes.length}`, offset: 0 }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint8(0) >> 4
  if (version !== 2) return { malformed: `an extension has version 2, not ${version}`, offset: 0 }
  if (view.getUint16(2) !== 0 && !isSummed(view))
    return { malformed: "the checksum of the extension is wrong", offset: 2 }
  const objects: Array<IcmpExtension> = []
  for (let at = headerSize; at < bytes.length;) {
    const rest = bytes.length - at
    if (rest < headerSize)
      return { malformed: `${rest} bytes are left, the header of an object takes ${headerSize}`, offset: at }
    const length = view.getUint16(at)
    if (length < headerSize || length > rest)
      return { malformed: `an object declares ${length} bytes, ${rest} are left`, offset: at }
    objects.push(readObject(view, at, length))
    at += length
  }
  return objects
}

/** Returns true if the one's complement sum of the 16-bit words, including the checksum, is all ones (RFC 1071). */
const isSummed = (view: DataView): boolean => {
  let sum = 0
  for (let at = 0; at < view.byteLength; at += 2)
    sum += at + 1 < view.byteLength ? view.getUint16(at) : view.getUint8(at) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return sum === 0xffff
}

const readObject = (view: DataView, at: number, length: number): IcmpExtension => {
  const [kind, type] = [view.getUint8(at + 2), view.getUint8(at + 3)]
  const payload = new DataView(view.buffer, view.byteOffset + at + headerSize, length - headerSize)
  const known = kind === 1 && type === 1 ? readLabels(payload) : kind === 2 ? readInterface(payload, type) : undefined
  if (known !== undefined) return known
  const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength).slice()
  return { kind: "unknown", class: kind, type, payload: bytes }
}

const readLabels = (payload: DataView): MplsLabelStack | undefined => {
  if (payload.byteLength === 0 || payload.byteLength % 4 !== 0) return undefined
  const labels = Array.from({ length: payload.byteLength / 4 }, (_, index): MplsLabel => {
    const entry = payload.getUint32(4 * index)
    return {
      label: entry >>> 12,
      trafficClass: (entry >>> 9) & 7,
      bottomOfStack: (entry & 0x100) !== 0,
      ttl: entry & 0xff
    }
  })
  return { kind: "mplsLabelStack", labels }
}

/** Roles, by the upper two bits of the type. */
const roles = ["incoming", "incomingSubIp", "outgoing", "nextHop"] as const
/** Bits of the type. Each set bit means that its field is present, in this order. */
const [hasIndex, hasAddress, hasName, hasMtu] = [8, 4, 2, 1] as const
/** Bytes of an address, by the address family number of IANA. */
const addressBytes: { readonly [family in number]?: 4 | 16 } = { 1: 4, 2: 16 }
const maximumNameBytes = 64

const readInterface = (payload: DataView, type: number): InterfaceInformation | undefined => {
  const bytes = payload.byteLength
  let at = 0
  let [index, mtu]: [number?, number?] = []
  let address: Ipv4Address | Ipv6Address | undefined
  let name: string | undefined
  if ((type & hasIndex) !== 0) {
    if (at + 4 > bytes) return undefined
    index = payload.getUint32(at)
    at += 4
  }
  if ((type & hasAddress) !== 0) {
    if (at + 4 > bytes) return undefined
    const size = addressBytes[payload.getUint16(at)]
    if (size === undefined || at + 4 + size > bytes) return undefined
    address = size === 4 ? new Ipv4Address(payload.getUint32(at + 4)) : readIpv6(payload, at + 4)
    at += 4 + size
  }
  if ((type & hasName) !== 0) {
    const size = at < bytes ? payload.getUint8(at) : 0
    if (size < 4 || size > maximumNameBytes || size % 4 !== 0 || at + size > bytes) return undefined
    const text = new Uint8Array(payload.buffer, payload.byteOffset + at + 1, size - 1)
    const end = text.indexOf(0)
    name = fromUtf8(end < 0 ? text : text.subarray(0, end))
    at += size
  }
  if ((type & hasMtu) !== 0) {
    if (at + 4 > bytes) return undefined
    mtu = payload.getUint32(at)
    at += 4
  }
  if (at !== bytes) return undefined
  const role = roles[type >> 6] ?? "incoming"
  return {
    kind: "interface",
    role,
    ...(index === undefined ? {} : { index }),
    ...(address === undefined ? {} : { address }),
    ...(name === undefined ? {} : { name }),
    ...(mtu === undefined ? {} : { mtu })
  }
}

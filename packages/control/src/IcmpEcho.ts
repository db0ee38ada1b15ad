/**
 * The ICMP messages of `ping`: an echo request, and the reply that returns its data.
 *
 * **Details**
 *
 * ICMP for IPv4 (types 8 and 0) and ICMPv6 (types 128 and 129) have one layout, in network byte order. It is type,
 * code, checksum, identifier, sequence number, data.
 *
 * @example
 * ```ts
 * import { IcmpEcho } from "@ancillary/control"
 *
 * const request = IcmpEcho.encode("ipv4", { kind: "request", sequence: 7, data: Uint8Array.of(1, 2) })
 * // => Uint8Array.of(8, 0, 246, 246, 0, 0, 0, 7, 1, 2)
 * ```
 *
 * @see RFC 792, Echo or Echo Reply Message; RFC 4443 section 4
 * @since 0.1.0
 */
import { isInteger, type Malformed, format } from "./Codec.ts"
import { copyOf, isBytes } from "./internal/givenBytes.ts"

/**
 * A received echo message.
 *
 * @category models
 * @since 0.1.0
 */
export interface Echo {
  readonly kind: "request" | "reply"
  /** Distinguishes the exchanges of several programs, 0 to 65535: the port of a ping socket. */
  readonly identifier: number
  /** Distinguishes the requests of one exchange, 0 to 65535. */
  readonly sequence: number
  readonly data: Uint8Array
}

/**
 * An echo message to send.
 *
 * @category models
 * @since 0.1.0
 */
export interface EchoToSend {
  readonly kind: "request" | "reply"
  /** 0 to 65535. Absent: 0, which a ping socket replaces by its port. */
  readonly identifier?: number | undefined
  /** 0 to 65535. */
  readonly sequence: number
  /** The data that the reply returns. Absent: no data. */
  readonly data?: Uint8Array | undefined
}

type EchoFamily = "ipv4" | "ipv6"

const types = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } } as const

/**
 * Bytes of an echo message before its data.
 *
 * @category sizes
 * @since 0.1.0
 */
export const headerSize = 8

const noBytes = new Uint8Array(0)

/**
 * Returns the bytes of an echo message, or the reason why it cannot be encoded.
 *
 * **Details**
 *
 * The checksum of ICMP for IPv4 is written. The checksum of ICMPv6 covers the addresses of the packet, so it is left 0,
 * and the kernel writes it. On a ping socket the kernel writes the other one, too.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (family: EchoFamily, echo: EchoToSend): Uint8Array | Malformed => {
  const taken = take(family, echo)
  if (typeof taken === "string") return { malformed: taken, offset: 0 }
  const { data, identifier, kind, sequence } = taken
  const bytes = new Uint8Array(headerSize + data.length)
  bytes[0] = types[family][kind]
  const view = new DataView(bytes.buffer)
  view.setUint16(4, identifier)
  view.setUint16(6, sequence)
  bytes.set(data, headerSize)
  if (family === "ipv4") view.setUint16(2, checksum(bytes))
  return bytes
}

const isFamily = (family: unknown): family is EchoFamily => family === "ipv4" || family === "ipv6"
const notFamily = (family: unknown): string => `${format(family)} is neither "ipv4" nor "ipv6"`

/** Reads each field once, because a getter may return another value the next time. */
const take = (family: unknown, echo: unknown): Echo | string => {
  if (!isFamily(family)) return notFamily(family)
  if (typeof echo !== "object" || echo === null) return `${format(echo)} is not an echo message`
  try {
    const { data = noBytes, identifier = 0, kind, sequence } = echo as Partial<EchoToSend>
    if (kind !== "request" && kind !== "reply") return `${format(kind)} is neither "request" nor "reply"`
    if (!isInteger(identifier, 0, 0xffff))
      return `the identifier ${format(identifier)} is not an integer from 0 to 65535`
    if (!isInteger(sequence, 0, 0xffff))
      return `the sequence number ${format(sequence)} is not an integer from 0 to 65535`
    const copy = copyOf(data)
    return copy === undefined
      ? `the data ${format(data)} is not a Uint8Array`
      : { kind, identifier, sequence, data: copy }
  } catch {
    return "the echo message cannot be read, because a field of it throws"
  }
}

/**
 * Reads an echo message. The result has a copy of the data.
 *
 * **Details**
 *
 * The checksum is not verified, because the kernel did so before it delivered the message.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (family: EchoFamily, bytes: Uint8Array): Echo | Malformed => {
  if (!isFamily(family)) return { malformed: notFamily(family), offset: 0 }
  if (!isBytes(bytes)) return { malformed: `${format(bytes)} is not a Uint8Array`, offset: 0 }
  if (bytes.length < headerSize)
    return { malformed: `an echo message has ${headerSize} bytes before its data, not ${bytes.length}`, offset: 0 }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const type = view.getUint8(0)
  const { reply, request } = types[family]
  if (type !== request && type !== reply)
    return { malformed: `ICMP type ${type} is no echo message of ${family}`, offset: 0 }
  if (view.getUint8(1) !== 0) return { malformed: `an echo message has the code 0, not ${view.getUint8(1)}`, offset: 1 }
  return {
    kind: type === request ? "request" : "reply",
    identifier: view.getUint16(4),
    sequence: view.getUint16(6),
    data: bytes.slice(headerSize)
  }
}

/**
 * Returns true if a reply answers a request: the sequence numbers and the data are equal. The identifiers must be
 * equal, too, if the request has one. A ping socket receives only the replies to its own requests.
 *
 * @category guards
 * @since 0.1.0
 */
export const matches = (request: EchoToSend, reply: Echo): boolean => {
  const { data = noBytes, identifier, kind, sequence } = request
  return (
    kind === "request" &&
    reply.kind === "reply" &&
    reply.sequence === sequence &&
    (identifier === undefined || reply.identifier === identifier) &&
    reply.data.length === data.length &&
    reply.data.every((byte, index) => byte === data[index])
  )
}

/** The one's complement of the one's complement sum of 16-bit words (RFC 1071), computed with a checksum field of 0. */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

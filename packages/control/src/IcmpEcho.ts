/**
 * The ICMP messages behind `ping`: an echo request, and the reply that brings its data back.
 *
 * **Details**
 *
 * ICMP for IPv4 (types 8 and 0) and ICMPv6 (types 128 and 129) lay them out alike, in network order: type, code, checksum, identifier,
 * sequence number, data.
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
 * An echo message that was read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Echo {
  readonly kind: "request" | "reply"
  /** Tells the exchanges of several programs apart, 0 to 65535: the port of a ping socket. */
  readonly identifier: number
  /** Tells the requests of one exchange apart, 0 to 65535. */
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
  /** 0 to 65535. Absent: 0, over which a ping socket writes its port. */
  readonly identifier?: number | undefined
  /** 0 to 65535. */
  readonly sequence: number
  /** Comes back in the reply; absent: none. */
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
 * The bytes of an echo message, or why there are none.
 *
 * **Details**
 *
 * The checksum of ICMP for IPv4 is written. That of ICMPv6 covers the addresses of the packet, so its place is left 0: the kernel writes it, as it
 * does the other one on a ping socket.
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

/** Each field, read once: a getter may answer otherwise the next time. */
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
 * Reads an echo message. Its data are a copy.
 *
 * **Details**
 *
 * The checksum is not looked at: the kernel did, before it handed the message over.
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
 * Whether a reply answers a request: the same sequence number, the same data, and the same identifier where the request names one (a ping
 * socket gets the replies to its own alone).
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

/** The one's complement of the one's complement sum of 16-bit words (RFC 1071), the checksum's own place holding 0. */
const checksum = (bytes: Uint8Array): number => {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000)
  return ~sum & 0xffff
}

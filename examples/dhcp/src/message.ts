/** Messages of DHCP (RFC 2131, options in RFC 2132), as bytes. Nothing of it knows a socket. */
import { Ipv4Address } from "@ancillary/control"

/** Kinds of messages. RFC 2132, section 9.6. */
export const kind = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
  inform: 8
} as const

export interface Request {
  readonly kind: number
  /** The client, by its own identifier or its hardware address, in hexadecimal digits. */
  readonly client: string
  /** Address that the client has already; 0.0.0.0 if it has none. */
  readonly clientAddress: Ipv4Address
  /** Relay that forwarded the request; 0.0.0.0 if it came from the client's own link. */
  readonly relay: Ipv4Address
  /** Address that the client would like. */
  readonly requested: Ipv4Address | undefined
  /** Server whose offer the client has taken. */
  readonly server: Ipv4Address | undefined
  /** The fixed part of the message, which the reply repeats. */
  readonly header: Uint8Array
}

export interface Reply {
  readonly kind: number
  readonly server: Ipv4Address
  /** Absent if the client gets no address. */
  readonly address?: Ipv4Address | undefined
  /** Bits of the network's prefix. Absent if the client gets no configuration. */
  readonly prefix?: number | undefined
  /** Seconds. Absent if the client gets no lease. */
  readonly leaseTime?: number | undefined
}

const [bootRequest, bootReply] = [1, 2]
/** Fields of the fixed part. RFC 2131, section 2. */
const [hardwareLengthAt, hopsAt, secondsAt, ciaddrAt, yiaddrAt, giaddrAt, chaddrAt, snameAt] = [
  2, 3, 8, 12, 16, 24, 28, 44
]
const [headerSize, cookieSize] = [236, 4]
const cookie = Uint8Array.of(99, 130, 83, 99)
/** Clients may drop smaller messages. RFC 1542, section 2.1. */
const smallest = 300

const [padding, mask, requestedAddress, leaseTime, messageKind, serverAddress, clientIdentifier, end] = [
  0, 1, 50, 51, 53, 54, 61, 255
]

/** Decodes a request. Returns nothing for a reply, and for bytes that are no whole request. */
export const decodeRequest = (bytes: Uint8Array): Request | undefined => {
  if (bytes.length < headerSize + cookieSize || bytes[0] !== bootRequest) return undefined
  if (cookie.some((byte, i) => byte !== bytes[headerSize + i])) return undefined
  const options = optionsOf(bytes)
  const number = options?.get(messageKind)?.[0]
  const hardwareLength = bytes[hardwareLengthAt] ?? 0
  if (options === undefined || number === undefined || hardwareLength > 16) return undefined
  const identifier = options.get(clientIdentifier) ?? bytes.subarray(chaddrAt, chaddrAt + hardwareLength)
  if (identifier.length === 0) return undefined
  return {
    kind: number,
    client: Buffer.from(identifier).toString("hex"),
    clientAddress: addressAt(bytes, ciaddrAt),
    relay: addressAt(bytes, giaddrAt),
    requested: addressIn(options.get(requestedAddress)),
    server: addressIn(options.get(serverAddress)),
    header: bytes.slice(0, headerSize)
  }
}

/** Returns the options by their codes, or nothing if one exceeds the end. Of two with one code the first counts. */
const optionsOf = (bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | undefined => {
  const options = new Map<number, Uint8Array>()
  for (let at = headerSize + cookieSize; at < bytes.length;) {
    const [code = end, length] = [bytes[at], bytes[at + 1]]
    if (code === end) break
    if (code === padding) at++
    else {
      const next = at + 2 + (length ?? bytes.length)
      if (next > bytes.length) return undefined
      if (!options.has(code)) options.set(code, bytes.subarray(at + 2, next))
      at = next
    }
  }
  return options
}

const addressAt = (bytes: Uint8Array, at: number): Ipv4Address => {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4)
  return Ipv4Address.of(a, b, c, d)
}

const addressIn = (option: Uint8Array | undefined): Ipv4Address | undefined =>
  option?.length === 4 ? addressAt(option, 0) : undefined

/** Encodes the reply to a request. */
export const encodeReply = ({ header }: Request, reply: Reply): Uint8Array => {
  const bytes = new Uint8Array(smallest)
  bytes.set(header)
  bytes[0] = bootReply
  bytes[hopsAt] = 0
  bytes.fill(0, secondsAt, secondsAt + 2)
  if (reply.kind === kind.refuse) bytes.fill(0, ciaddrAt, yiaddrAt)
  bytes.fill(0, yiaddrAt, giaddrAt)
  bytes.set(bytesOf(reply.address?.value ?? 0), yiaddrAt)
  bytes.fill(0, snameAt, headerSize)
  const option = (code: number, ...payload: ReadonlyArray<number>) => [code, payload.length, ...payload]
  const options = [
    option(messageKind, reply.kind),
    option(serverAddress, ...bytesOf(reply.server.value)),
    reply.leaseTime === undefined ? [] : option(leaseTime, ...bytesOf(reply.leaseTime)),
    reply.prefix === undefined ? [] : option(mask, ...bytesOf(maskOf(reply.prefix)))
  ]
  bytes.set([...cookie, ...options.flat(), end], headerSize)
  return bytes
}

/** The bits of a network's prefix, as a number of 32 bits. */
export const maskOf = (prefix: number): number => (prefix === 0 ? 0 : (-1 << (32 - prefix)) >>> 0)

const bytesOf = (value: number): ReadonlyArray<number> =>
  [value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255)

/** An IP packet. Its body is bytes, so a fragment, a quotation and a capture are cut from what a receiver would read. */
import type { Address, Family } from "../address.ts"
import { checksumOf } from "./checksum.ts"

export const protocols = { icmp: 1, udp: 17, icmp6: 58 } as const

/** An IPv6 extension header as it is sent. The kernel sets its first byte, which names the header behind it. */
export interface ExtensionBytes {
  /** 0: hop-by-hop options, 43: routing, 60: destination options. */
  readonly type: number
  readonly bytes: Uint8Array
}

/** Datagrams that one call sent together. They are one packet until they leave the host, and a receiver may merge them again. */
export interface Train {
  readonly size: number
}

/** Bytes that the packets of a socket may take while they wait for a link. */
export interface SendBuffer {
  /** Takes room for a packet, and returns the function that releases it. */
  readonly take: (packet: Packet) => () => void
}

export interface Packet {
  readonly family: Family
  readonly source: Address
  readonly destination: Address
  readonly protocol: number
  readonly hopLimit: number
  readonly trafficClass: number
  /** IPv6 only. */
  readonly flowLabel: number
  readonly identification: number
  /** IPv4: routers must not cut the packet. They never cut one of IPv6. */
  readonly dontFragment: boolean
  /** The place of a fragment in its packet, in bytes. */
  readonly fragment?: { readonly offset: number; readonly more: boolean } | undefined
  readonly extensions: ReadonlyArray<ExtensionBytes>
  /** IPv4: options, a multiple of 4 bytes. */
  readonly options: Uint8Array
  /** Everything behind the headers of IP. */
  readonly body: Uint8Array
  /** Not in the packet, but carried along while it stays on one host. */
  readonly priority: number
  readonly mark: number
  readonly train?: Train | undefined
  /** The send buffer of its socket. A packet takes room there until it leaves the host. */
  readonly sendBuffer?: SendBuffer | undefined
  /** Bytes of the largest fragment that it was put together from. */
  readonly largestFragment?: number | undefined
  /** A link saw it. Its checksum is the sender's, so a corrupted body is found. */
  readonly crossedLink?: boolean | undefined
}

export const noBytes: Uint8Array = new Uint8Array(0)

/** Bytes of the headers of IP. */
export const headerSize = ({ extensions, family, fragment, options }: Packet): number => {
  if (family === "ipv4") return 20 + options.length
  let bytes = 40 + (fragment === undefined ? 0 : 8)
  for (const extension of extensions) bytes += extension.bytes.length
  return bytes
}

export const sizeOf = (packet: Packet): number => headerSize(packet) + packet.body.length

export const udpHeaderSize = 8

/** Makes a UDP header and payload, with its checksum. */
export const udpBody = (
  ends: { readonly source: Address; readonly destination: Address },
  sourcePort: number,
  destinationPort: number,
  data: Uint8Array
): Uint8Array => {
  const body = new Uint8Array(udpHeaderSize + data.length)
  const view = new DataView(body.buffer)
  view.setUint16(0, sourcePort)
  view.setUint16(2, destinationPort)
  // A jumbogram has 0 here. It occurs only on loopback.
  view.setUint16(4, body.length > 0xffff ? 0 : body.length)
  body.set(data, udpHeaderSize)
  view.setUint16(6, checksumOf(ends, protocols.udp, body) || 0xffff)
  return body
}

/** Ports of the UDP header that a body, or a quotation of at least 8 bytes, begins with. */
export const portsOf = (body: Uint8Array): { readonly source: number; readonly destination: number } => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  return { source: view.getUint16(0), destination: view.getUint16(2) }
}

/** The fields that most packets have in common. */
export const plain = { extensions: [], options: noBytes, flowLabel: 0, priority: 0, mark: 0 } as const

/** Cuts a packet that one call sent into its datagrams. */
export const segmentsOf = (packet: Packet): ReadonlyArray<Packet> => {
  const { body, identification, train } = packet
  const bytes = body.length - udpHeaderSize
  if (train === undefined || bytes <= train.size) return [packet]
  const { destination, source } = portsOf(body)
  const segments: Array<Packet> = []
  for (let at = 0; at < bytes; at += train.size) {
    const data = body.subarray(udpHeaderSize + at, Math.min(udpHeaderSize + at + train.size, body.length))
    segments.push({
      ...packet,
      identification: identification + segments.length,
      body: udpBody(packet, source, destination, data)
    })
  }
  return segments
}

/** Packets as bytes, for quotations and captures, and back. */
import { Ipv4Address, Ipv6Address } from "@ancillary/control"
import { plainChecksum } from "./checksum.ts"
import { headerSize, noBytes, type Packet, sizeOf } from "./packet.ts"

/** Writes a packet with its IP headers. */
export const toBytes = (packet: Packet): Uint8Array => {
  const bytes = new Uint8Array(sizeOf(packet))
  const view = new DataView(bytes.buffer)
  if (packet.family === "ipv4") writeIpv4(packet, bytes, view)
  else writeIpv6(packet, bytes, view)
  bytes.set(packet.body, headerSize(packet))
  return bytes
}

const writeIpv4 = (packet: Packet, bytes: Uint8Array, view: DataView): void => {
  const { destination, fragment, options, source } = packet
  view.setUint8(0, 0x40 | (5 + options.length / 4))
  view.setUint8(1, packet.trafficClass)
  view.setUint16(2, bytes.length)
  view.setUint16(4, packet.identification & 0xffff)
  const flags = (packet.dontFragment ? 0x4000 : 0) | (fragment?.more === true ? 0x2000 : 0)
  view.setUint16(6, flags | ((fragment?.offset ?? 0) >> 3))
  view.setUint8(8, packet.hopLimit)
  view.setUint8(9, packet.protocol)
  view.setUint32(12, source.family === "ipv4" ? source.value : 0)
  view.setUint32(16, destination.family === "ipv4" ? destination.value : 0)
  bytes.set(options, 20)
  view.setUint16(10, plainChecksum(bytes.subarray(0, 20 + options.length)))
}

const fragmentHeader = 44

const writeIpv6 = (packet: Packet, bytes: Uint8Array, view: DataView): void => {
  const { destination, extensions, fragment, source } = packet
  view.setUint32(0, (6 << 28) | (packet.trafficClass << 20) | packet.flowLabel)
  view.setUint16(4, Math.min(bytes.length - 40, 0xffff))
  view.setUint8(7, packet.hopLimit)
  for (const [at, address] of [
    [8, source],
    [24, destination]
  ] as const)
    if (address.family === "ipv6")
      for (const [i, word] of [address.a, address.b, address.c, address.d].entries()) view.setUint32(at + 4 * i, word)
  let next = 6
  let at = 40
  const append = (type: number, header: Uint8Array) => {
    view.setUint8(next, type)
    bytes.set(header, at)
    next = at
    at += header.length
  }
  for (const { bytes: header, type } of extensions) append(type, header)
  if (fragment !== undefined) {
    const header = new Uint8Array(8)
    const fields = new DataView(header.buffer)
    fields.setUint16(2, fragment.offset | (fragment.more ? 1 : 0))
    fields.setUint32(4, packet.identification)
    append(fragmentHeader, header)
  }
  view.setUint8(next, packet.protocol)
}

/** The parts of a quoted packet that find its sender. */
export interface Quoted {
  readonly source: Ipv4Address | Ipv6Address
  readonly destination: Ipv4Address | Ipv6Address
  readonly protocol: number
  /** False for a fragment behind the first, which has no ports. */
  readonly isFirst: boolean
  /** The body as far as it was quoted. */
  readonly body: Uint8Array
  readonly hopLimit: number
}

/** Reads the IP headers of a quotation, which may be cut. Returns nothing if they are not complete. */
export const parse = (bytes: Uint8Array): Quoted | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 20) return undefined
  const version = view.getUint8(0) >> 4
  if (version === 4) {
    const size = (view.getUint8(0) & 0xf) * 4
    return {
      source: new Ipv4Address(view.getUint32(12)),
      destination: new Ipv4Address(view.getUint32(16)),
      protocol: view.getUint8(9),
      isFirst: (view.getUint16(6) & 0x1fff) === 0,
      body: bytes.subarray(Math.min(size, bytes.length)),
      hopLimit: view.getUint8(8)
    }
  }
  if (version !== 6 || bytes.length < 40) return undefined
  const address = (at: number) =>
    new Ipv6Address(view.getUint32(at), view.getUint32(at + 4), view.getUint32(at + 8), view.getUint32(at + 12))
  let protocol = view.getUint8(6)
  let at = 40
  let isFirst = true
  while ([0, 43, fragmentHeader, 60].includes(protocol) && at + 8 <= bytes.length) {
    if (protocol === fragmentHeader) isFirst = (view.getUint16(at + 2) & ~7) === 0
    const size = protocol === fragmentHeader ? 8 : (view.getUint8(at + 1) + 1) * 8
    protocol = view.getUint8(at)
    at += size
  }
  const body = at <= bytes.length ? bytes.subarray(at) : noBytes
  return { source: address(8), destination: address(24), protocol, isFirst, body, hopLimit: view.getUint8(7) }
}

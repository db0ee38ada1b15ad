/** ICMP messages of both families: errors that quote a packet, and echoes. */
import type { Family } from "../address.ts"
import { checksumOf, plainChecksum } from "./checksum.ts"
import { type Packet, protocols } from "./packet.ts"
import { toBytes } from "./wire.ts"

/** Reasons why a packet is not delivered. */
export type Trouble =
  | "port unreachable"
  | "host unreachable"
  | "network unreachable"
  | "prohibited"
  | "hop limit exceeded"
  | "reassembly time exceeded"
  | "too big"

interface Numbers {
  readonly type: number
  readonly code: number
}

/** RFC 792, RFC 1812; RFC 4443. */
const numbers: { readonly [F in Family]: { readonly [T in Trouble]: Numbers } } = {
  ipv4: {
    "network unreachable": { type: 3, code: 0 },
    "host unreachable": { type: 3, code: 1 },
    "port unreachable": { type: 3, code: 3 },
    "too big": { type: 3, code: 4 },
    prohibited: { type: 3, code: 13 },
    "hop limit exceeded": { type: 11, code: 0 },
    "reassembly time exceeded": { type: 11, code: 1 }
  },
  ipv6: {
    "network unreachable": { type: 1, code: 0 },
    prohibited: { type: 1, code: 1 },
    "host unreachable": { type: 1, code: 3 },
    "port unreachable": { type: 1, code: 4 },
    "too big": { type: 2, code: 0 },
    "hop limit exceeded": { type: 3, code: 0 },
    "reassembly time exceeded": { type: 3, code: 1 }
  }
}

/** Linux quotes so much that the whole message has 576 bytes, or 1,280. */
const quotedBytes = { ipv4: 576 - 20 - 8, ipv6: 1280 - 40 - 8 } as const

export const icmpHeaderSize = 8
export const echoTypes = { ipv4: { request: 8, reply: 0 }, ipv6: { request: 128, reply: 129 } } as const
export const icmpOf = { ipv4: protocols.icmp, ipv6: protocols.icmp6 } as const

/** Sets the checksum of a message. That of ICMPv6 includes the addresses. */
export const sealed = (body: Uint8Array, ends: Pick<Packet, "family" | "source" | "destination">): Uint8Array => {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  view.setUint16(2, 0)
  view.setUint16(2, ends.family === "ipv4" ? plainChecksum(body) : checksumOf(ends, protocols.icmp6, body))
  return body
}

/** Makes the body of an error about a packet. `mtu` is that of the link on which it is too big. */
export const errorBody = (trouble: Trouble, about: Packet, mtu = 0): Uint8Array => {
  const { family } = about
  const { code, type } = numbers[family][trouble]
  const quoted = toBytes(about).subarray(0, quotedBytes[family])
  const body = new Uint8Array(icmpHeaderSize + quoted.length)
  const view = new DataView(body.buffer)
  view.setUint8(0, type)
  view.setUint8(1, code)
  if (trouble === "too big") {
    if (family === "ipv4") view.setUint16(6, mtu)
    else view.setUint32(4, mtu)
  }
  body.set(quoted, icmpHeaderSize)
  return body
}

/** An error as its receiver reads it. */
export interface IcmpError extends Numbers {
  /** The path MTU, if the packet was too big. */
  readonly mtu: number
  readonly quoted: Uint8Array
}

/** Reads an error. Returns nothing for other messages. */
export const readError = (family: Family, body: Uint8Array): IcmpError | undefined => {
  if (body.length < icmpHeaderSize) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const [type, code] = [view.getUint8(0), view.getUint8(1)]
  const isError = family === "ipv4" ? type === 3 || type === 11 || type === 12 : type >= 1 && type <= 4
  if (!isError) return undefined
  const tooBig = numbers[family]["too big"]
  const mtu =
    type !== tooBig.type || code !== tooBig.code ? 0 : family === "ipv4" ? view.getUint16(6) : view.getUint32(4)
  return { type, code, mtu, quoted: body.subarray(icmpHeaderSize) }
}

/** True if no error may be sent about a packet: one about an error, and one about a fragment behind the first (RFC 1122). */
export const isErrorForbidden = ({ body, destination, family, fragment, protocol, source }: Packet): boolean =>
  destination.isMulticast ||
  source.isUnspecified ||
  source.isMulticast ||
  (fragment !== undefined && fragment.offset > 0) ||
  (protocol === icmpOf[family] && readError(family, body) !== undefined)

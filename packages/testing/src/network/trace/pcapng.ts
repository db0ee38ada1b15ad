/**
 * A trace as a capture file of the next generation, which Wireshark and tcpdump read (draft-ietf-opsawg-pcapng). Each link is an interface, each
 * packet that was put on it is a packet of the file, and its fate is a comment.
 */
import type { Packet } from "../ip/packet.ts"
import { toBytes } from "../ip/wire.ts"
import type { TraceEvent } from "./recorder.ts"

/** Packets begin with a header of Ethernet (`LINKTYPE_ETHERNET`). libpcap refuses files with several interfaces of raw IP. */
const ethernet = 1
const blocks = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const
const options = { end: 0, comment: 1, name: 2, resolution: 9 } as const
const byteOrderMagic = 0x1a2b3c4d
/** Times are nanoseconds: 10 to the power of -9. */
const nanoseconds = 9

type Option = readonly [code: number, value: Uint8Array]

const padded = (length: number): number => (length + 3) & ~3

/** Every JavaScript host has it, but none of the types that this package compiles with declares it. */
declare const TextEncoder: new () => { readonly encode: (text: string) => Uint8Array }
const encoder = new TextEncoder()
const utf8 = (text: string): Uint8Array => encoder.encode(text)

const optionBytes = (all: ReadonlyArray<Option>): Uint8Array => {
  if (all.length === 0) return new Uint8Array(0)
  const size = all.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [code, value] of all) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, value.length, true)
    bytes.set(value, at + 4)
    at += 4 + padded(value.length)
  }
  return bytes
}

/** A block: its type and length, its body, and the length again. */
const block = (type: number, fixed: Uint8Array, data: Uint8Array, all: ReadonlyArray<Option>): Uint8Array => {
  const own = optionBytes(all)
  const size = 12 + fixed.length + padded(data.length) + own.length
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, size, true)
  bytes.set(fixed, 8)
  bytes.set(data, 8 + fixed.length)
  bytes.set(own, 8 + fixed.length + padded(data.length))
  view.setUint32(size - 4, size, true)
  return bytes
}

const fixed = (size: number, write: (view: DataView) => void): Uint8Array => {
  const bytes = new Uint8Array(size)
  write(new DataView(bytes.buffer))
  return bytes
}

const noBytes = new Uint8Array(0)

const hardware = (address: string | undefined): ReadonlyArray<number> =>
  (address ?? "00:00:00:00:00:00").split(":").map((each) => Number.parseInt(each, 16))

/** The link-layer address of everyone who hears a packet (RFC 1112, RFC 2464), or of its receiver. */
const receiverOf = ({ destination }: Packet, frame: TraceEvent["frame"]): ReadonlyArray<number> => {
  if (destination.family === "ipv4" && destination.isMulticast)
    return [1, 0, 0x5e, (destination.value >>> 16) & 0x7f, (destination.value >>> 8) & 0xff, destination.value & 0xff]
  if (destination.family === "ipv6" && destination.isMulticast)
    return [
      0x33,
      0x33,
      destination.d >>> 24,
      (destination.d >>> 16) & 0xff,
      (destination.d >>> 8) & 0xff,
      destination.d & 0xff
    ]
  return hardware(frame?.destination)
}

const ethernetHeader = (packet: Packet, frame: TraceEvent["frame"]): Uint8Array =>
  Uint8Array.of(
    ...receiverOf(packet, frame),
    ...hardware(frame?.source),
    ...(packet.family === "ipv4" ? [0x08, 0x00] : [0x86, 0xdd])
  )

/** Makes the bytes of the file. */
export const pcapng = (events: ReadonlyArray<TraceEvent>): Uint8Array => {
  const links: Array<string> = []
  const packets: Array<Uint8Array> = []
  for (const { at, frame, kind, link, packet, time, to, why } of events) {
    if (link === undefined || kind === "arrive") continue
    if (!links.includes(link)) links.push(link)
    const data = joined([ethernetHeader(packet, frame), toBytes(packet)])
    const head = fixed(20, (view) => {
      view.setUint32(0, links.indexOf(link), true)
      view.setUint32(4, Number(time >> 32n), true)
      view.setUint32(8, Number(time & 0xffffffffn), true)
      view.setUint32(12, data.length, true)
      view.setUint32(16, data.length, true)
    })
    const way = to === undefined ? at : `${at} to ${to}`
    const fate = why === undefined ? "" : kind === "drop" ? `: dropped, ${why}` : `: ${why}`
    packets.push(block(blocks.packet, head, data, [[options.comment, utf8(`${way}${fate}`)]]))
  }
  const section = fixed(16, (view) => {
    view.setUint32(0, byteOrderMagic, true)
    view.setUint16(4, 1, true)
    // The length of the section is not given.
    view.setBigInt64(8, -1n, true)
  })
  const interfaces = links.map((link) =>
    block(
      blocks.interface,
      fixed(8, (view) => view.setUint16(0, ethernet, true)),
      noBytes,
      [
        [options.name, utf8(link)],
        [options.resolution, Uint8Array.of(nanoseconds)]
      ]
    )
  )
  return joined([block(blocks.section, section, noBytes, []), ...interfaces, ...packets])
}

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

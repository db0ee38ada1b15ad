/** Runs a socket filter (classic BPF, linux/filter.h) that chooses a socket of a port. It knows the instructions that such programs have. */
import type { Packet } from "../ip/packet.ts"

/** Linux: `SKF_NET_OFF`. Offsets from here on are those of the network header. */
const network = -0x100000
/** Bytes of a load, by the bits of its size. */
const widths = new Map([
  [0x00, 4],
  [0x08, 2],
  [0x10, 1]
])

/** Returns the result of the program. Linux: a load behind the end of the data ends it with 0. */
export const runFilter = (program: Uint8Array, packet: Packet, payload: Uint8Array): number => {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  let a = 0
  let x = 0
  for (let at = 0; at + 8 <= program.length; at += 8) {
    const code = view.getUint16(at, true)
    const k = view.getUint32(at + 4, true)
    const jump = (isTrue: boolean) => void (at += 8 * view.getUint8(at + (isTrue ? 2 : 3)))
    if (code === 0x80) a = payload.length
    else if ((code & 0xe7) === 0x20) {
      const loaded = load(packet, payload, k | 0, widths.get(code & 0x18) ?? 1)
      if (loaded === undefined) return 0
      a = loaded
    } else if (code === 0x07) x = a
    else if (code === 0x87) a = x
    else if (code === 0x74) a >>>= k
    else if (code === 0x94) a %= k
    else if (code === 0xac) a = (a ^ x) >>> 0
    else if (code === 0x05) at += 8 * k
    else if (code === 0x15) jump(a === k)
    else if (code === 0x35) jump(a >= k)
    else if (code === 0x45) jump((a & k) !== 0)
    else return code === 0x16 ? a : k
  }
  return 0
}

const load = (packet: Packet, payload: Uint8Array, at: number, width: number): number | undefined => {
  const bytes = at < 0 ? header(packet) : payload
  const first = at < 0 ? at - network : at
  if (first < 0 || first + width > bytes.length) return undefined
  let value = 0
  for (let i = first; i < first + width; i++) value = value * 256 + (bytes[i] ?? 0)
  return value
}

/** The version and the source address of a header, at their offsets. */
const header = ({ source }: Packet): Uint8Array => {
  const bytes = new Uint8Array(source.family === "ipv4" ? 20 : 40)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, source.family === "ipv4" ? 0x45 : 0x60)
  const words = source.family === "ipv4" ? [source.value] : [source.a, source.b, source.c, source.d]
  const at = source.family === "ipv4" ? 12 : 8
  for (const [i, word] of words.entries()) view.setUint32(at + 4 * i, word)
  return bytes
}

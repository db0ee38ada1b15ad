/** Cuts packets that are larger than an MTU, and puts their fragments together. */
import { keyOf } from "../address.ts"
import { headerSize, type Packet, sizeOf } from "./packet.ts"

/** Cuts a packet into fragments of at most `mtu` bytes. Each but the last has a multiple of 8 bytes of body. */
export const cut = (packet: Packet, mtu: number): ReadonlyArray<Packet> => {
  if (sizeOf(packet) <= mtu) return [packet]
  const { body, fragment } = packet
  const header = headerSize(packet.fragment === undefined ? { ...packet, fragment: { offset: 0, more: true } } : packet)
  const most = Math.max(8, (mtu - header) & ~7)
  const pieces: Array<Packet> = []
  for (let at = 0; at < body.length; at += most) {
    const isLast = at + most >= body.length
    pieces.push({
      ...packet,
      body: body.subarray(at, at + most),
      train: undefined,
      fragment: { offset: (fragment?.offset ?? 0) + at, more: !isLast || fragment?.more === true }
    })
  }
  return pieces
}

/** Fragments of one packet that have arrived. */
interface Partial {
  readonly pieces: Map<number, Packet>
  /** Bytes of the whole body, once the last fragment is there. */
  total: number | undefined
}

/** Linux: 30 seconds for IPv4 (`ipfrag_time`), 60 for IPv6. */
const patience = { ipv4: 30_000_000_000n, ipv6: 60_000_000_000n } as const

export class Reassembly {
  readonly #partial = new Map<string, Partial>()

  /**
   * Adds a fragment. Returns the packet when it is complete. `expire` is called when the time of a packet is over, with its first fragment if
   * that has arrived.
   */
  add(
    piece: Packet,
    later: (delay: bigint, task: () => void) => void,
    expire: (first: Packet | undefined) => void
  ): Packet | undefined {
    const { body, family, fragment } = piece
    if (fragment === undefined) return piece
    const key = `${keyOf(piece.source)} ${keyOf(piece.destination)} ${piece.protocol} ${piece.identification}`
    let known = this.#partial.get(key)
    if (known === undefined) {
      const made: Partial = { pieces: new Map(), total: undefined }
      known = made
      this.#partial.set(key, made)
      later(patience[family], () => {
        if (this.#partial.get(key) !== made) return
        this.#partial.delete(key)
        expire(made.pieces.get(0))
      })
    }
    known.pieces.set(fragment.offset, piece)
    if (!fragment.more) known.total = fragment.offset + body.length
    const whole = joined(known)
    if (whole !== undefined) this.#partial.delete(key)
    return whole
  }
}

const joined = ({ pieces, total }: Partial): Packet | undefined => {
  const first = pieces.get(0)
  if (total === undefined || first === undefined) return undefined
  const body = new Uint8Array(total)
  let largest = 0
  let at = 0
  while (at < total) {
    const piece = pieces.get(at)
    if (piece === undefined || piece.body.length === 0 || at + piece.body.length > total) return undefined
    body.set(piece.body, at)
    // Linux keeps 16 bits of a size.
    largest = Math.max(largest, sizeOf(piece) & 0xffff)
    at += piece.body.length
  }
  return { ...first, body, fragment: undefined, largestFragment: largest }
}

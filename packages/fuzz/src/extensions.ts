/**
 * Extensions of ICMP messages, well-formed and randomly corrupted. Decoding never throws, rejects exactly the frames that RFC 4884 forbids, and
 * keeps each byte that it reads.
 */
import { Codec, IcmpExtension } from "@ancillary/control"
import type { Part } from "./part.ts"
import { Random } from "./random.ts"

interface RawObject {
  readonly class: number
  readonly type: number
  readonly payload: Uint8Array
}

const sum = (bytes: Uint8Array): number => {
  let total = 0
  for (const [at, byte] of bytes.entries()) total += at % 2 === 0 ? byte * 256 : byte
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000)
  return total
}

/** The objects by only their frame, or undefined if it is wrong. */
export const framed = (bytes: Uint8Array): ReadonlyArray<RawObject> | undefined => {
  const [first = 0, , high = 0, low = 0] = bytes
  if (bytes.length < 4 || first >> 4 !== 2) return undefined
  if ((high !== 0 || low !== 0) && sum(bytes) !== 0xffff) return undefined
  const objects: Array<RawObject> = []
  let rest = bytes.subarray(4)
  while (rest.length > 0) {
    const [long = 0, short = 0, kind = 0, type = 0] = rest
    const length = long * 256 + short
    if (rest.length < 4 || length < 4 || length > rest.length) return undefined
    objects.push({ class: kind, type, payload: rest.slice(4, length) })
    rest = rest.subarray(length)
  }
  return objects
}

const drawn = (random: Random): Uint8Array => {
  const bytes: Array<number> = [0x20 | random.below(2), 0, 0, 0]
  for (let objects = random.below(5); objects > 0; objects--) {
    const kind = random.pick([1, 2, 2, random.below(256)])
    const type = kind === 1 ? random.pick([1, 1, 1, 2]) : random.below(256)
    const payload = random.bytes(random.pick([4, 8, 12, 24, random.below(64)]))
    // A known family and length, at their place in an object of only these fields.
    if (kind === 2 && random.below(2) > 0) {
      if ((type & 15) === 4) payload.set([0, 1 + random.below(2)].slice(0, payload.length))
      if ((type & 15) === 2 && payload.length > 0) payload[0] = payload.length
    }
    bytes.push(0, 4 + payload.length, kind, type, ...payload)
  }
  const all = Uint8Array.from(bytes)
  if (random.below(4) > 0) new DataView(all.buffer).setUint16(2, ~sum(all) & 0xffff)
  return all
}

const bent = (random: Random, given: Uint8Array): Uint8Array => {
  const bytes = given.slice(0, given.length - (random.oneIn(3) ? random.below(given.length + 1) : 0))
  for (let flips = random.below(4); flips > 0 && bytes.length > 0; flips--) {
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  }
  if (random.oneIn(3) && bytes.length > 5) bytes.set([random.pick([0, 0, 255]), random.below(256)], 4)
  return random.oneIn(4) ? Uint8Array.of(...bytes, ...random.bytes(random.below(20))) : bytes
}

/** The bytes of a decoded object without reserved ones, or undefined if it does not determine them. */
const written = (read: IcmpExtension.IcmpExtension): ReadonlyArray<number> | undefined => {
  if (read.kind === "unknown") return [...read.payload]
  if (read.kind === "interface") return undefined
  return read.labels.flatMap(({ bottomOfStack, label, trafficClass, ttl }) => [
    label >> 12,
    (label >> 4) & 255,
    ((label & 15) << 4) | (trafficClass << 1) | (bottomOfStack ? 1 : 0),
    ttl
  ])
}

const sizeOf = (read: IcmpExtension.InterfaceInformation, named: number): number =>
  (read.index === undefined ? 0 : 4) +
  (read.address === undefined ? 0 : read.address.family === "ipv4" ? 8 : 20) +
  named +
  (read.mtu === undefined ? 0 : 4)

/** The difference between a decoded object and its bytes. */
const difference = (read: IcmpExtension.IcmpExtension | undefined, raw: RawObject): string | undefined => {
  if (read === undefined) return "is missing"
  if (read.kind === "interface") {
    const fields = [read.index, read.address, read.name, read.mtu].map((field) => (field === undefined ? 0 : 1))
    if (raw.class !== 2 || Number.parseInt(fields.join(""), 2) !== (raw.type & 15))
      return "has other fields than it announces"
    const rest = raw.payload.length - sizeOf(read, 0)
    return read.name === undefined
      ? rest === 0
        ? undefined
        : "leaves bytes over"
      : rest >= 4 && rest <= 64 && rest % 4 === 0
        ? undefined
        : "has a name of another length"
  }
  if (read.kind === "unknown" && (read.class !== raw.class || read.type !== raw.type))
    return "is of another class or type"
  if (read.kind === "mplsLabelStack" && (raw.class !== 1 || raw.type !== 1)) return "is not a label stack"
  return written(read)?.join() === [...raw.payload].join() ? undefined : "has other bytes"
}

const judge = (bytes: Uint8Array, model: typeof framed): string | undefined => {
  const expected = model(bytes)
  let read
  try {
    read = IcmpExtension.decode(bytes)
  } catch (error) {
    return `throws ${String(error)}`
  }
  if (expected === undefined || Codec.isMalformed(read))
    return expected === undefined && Codec.isMalformed(read)
      ? undefined
      : Codec.isMalformed(read)
        ? `is refused: ${read.malformed}`
        : "is taken, and its frame is wrong"
  const objects = read
  if (objects.length !== expected.length) return `has ${objects.length} objects of ${expected.length}`
  const wrong = expected.map((raw, index) => difference(objects[index], raw))
  const at = wrong.findIndex((each) => each !== undefined)
  return at < 0 ? undefined : `object ${at} ${wrong[at]}`
}

/** `seen` counts outcomes; `model` reads the frame. */
export const extensions =
  (seen: Map<string, number> = new Map(), model: typeof framed = framed): Part =>
  async ({ count, first, found, progress, seed }) => {
    const random = new Random()
    for (let index = first; index < first + count; index++) {
      random.drawFor(seed, index)
      const whole = drawn(random)
      const bytes = random.below(3) > 0 ? bent(random, whole) : whole
      const outcome = model(bytes) === undefined ? "malformed" : "objects"
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      const why = judge(bytes, model)
      if (why !== undefined && !found({ index, lines: [Buffer.from(bytes).toString("hex"), why] })) return
      progress(index - first + 1)
    }
  }

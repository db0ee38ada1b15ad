/** Hostile datagrams for the parser of a wire format, made of honest ones. */
import { Random } from "./random.ts"

/** Values that lengths, counts and offsets are tested with. */
const edges = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xfe, 0xff]

/** Makes datagrams of the samples: each is changed in 1 to 4 ways, and one in 16 is noise. The seed decides them. */
export function* mutations(
  samples: ReadonlyArray<Uint8Array>,
  { count = 100_000, seed = 1 }: { readonly count?: number; readonly seed?: number } = {}
): Generator<Uint8Array> {
  const random = new Random()
  for (let index = 0; index < count; index++) {
    random.drawFor(seed, index)
    yield mutate(random, samples)
  }
}

/** Makes one datagram of the samples. */
export const mutate = (random: Random, samples: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (random.oneIn(16)) return random.bytes(random.below(600))
  let bytes = new Uint8Array(random.pick(samples))
  for (let changes = 1 + random.below(4); changes > 0; changes--) bytes = changed(random, bytes, samples)
  return bytes
}

const changed = (
  random: Random,
  bytes: Uint8Array<ArrayBuffer>,
  samples: ReadonlyArray<Uint8Array>
): Uint8Array<ArrayBuffer> => {
  const at = random.below(bytes.length + 1)
  switch (random.below(6)) {
    case 0:
      return bytes.slice(0, at)
    case 1:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      return bytes
    case 2:
      if (at < bytes.length) bytes[at] = random.pick(edges)
      return bytes
    case 3:
      return bytes.fill(random.pick([0, 0xc0, 0xff]), at, at + random.below(24))
    // A part of another sample, at another place.
    case 4: {
      const other = random.pick(samples)
      const from = random.below(other.length + 1)
      return joined(bytes.subarray(0, at), other.subarray(from, from + random.below(64)))
    }
    // A part that repeats.
    default: {
      const part = bytes.subarray(at, at + 1 + random.below(16))
      return joined(bytes.subarray(0, at), part, part, part, bytes.subarray(at))
    }
  }
}

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

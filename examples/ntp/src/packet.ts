/** Packets of NTP version 4 (RFC 5905, section 7.3), as bytes. Nothing of it knows a socket. */

/** The answer of a server. Times are nanoseconds since 1970-01-01T00:00:00Z, by its clock. */
export interface Answer {
  readonly kind: "answer"
  /** Servers between this one and a reference clock, 1 to 15. */
  readonly stratum: number
  /** Largest error of the server's own clock, in nanoseconds: half of the delay to its reference clock, and the dispersion. */
  readonly rootDistance: bigint
  readonly receivedAt: bigint
  readonly sentAt: bigint
}

/** A server that sends no time, with its reason: `RATE`, `DENY` (RFC 5905, section 7.4), or `unsynchronized`. */
export interface Refusal {
  readonly kind: "refusal"
  readonly code: string
}

const size = 48
const [leapAt, stratumAt, rootDelayAt, rootDispersionAt, referenceAt] = [0, 1, 4, 8, 12]
const [originAt, receivedAt, sentAt] = [24, 32, 40]
const [client, server] = [3, 4]
const version = 4
const leapUnknown = 3

/** Bytes of a nonce. */
export const nonceSize = 8

/**
 * Encodes a request. The field for the client's time has a random number instead, which the server returns. The answer proves thereby that
 * its sender read this request, and the request does not disclose the clock of this host.
 */
export const encodeRequest = (nonce: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(size)
  bytes[leapAt] = (version << 3) | client
  bytes.set(nonce.subarray(0, nonceSize), sentAt)
  return bytes
}

/** Decodes the answer to the request with this nonce. Returns nothing for any other datagram. */
export const decodeAnswer = (bytes: Uint8Array, nonce: Uint8Array): Answer | Refusal | undefined => {
  if (bytes.length < size) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first, stratum] = [view.getUint8(leapAt), view.getUint8(stratumAt)]
  if ((first & 7) !== server) return undefined
  if (nonce.some((byte, i) => byte !== bytes[originAt + i])) return undefined
  if (first >> 6 === leapUnknown || stratum === 0 || stratum > 15) {
    const code = stratum === 0 ? asciiAt(bytes, referenceAt) : ""
    return { kind: "refusal", code: code === "" ? "unsynchronized" : code }
  }
  const rootDistance = shortAt(view, rootDelayAt) / 2n + shortAt(view, rootDispersionAt)
  return { kind: "answer", stratum, rootDistance, receivedAt: timeAt(view, receivedAt), sentAt: timeAt(view, sentAt) }
}

/** Seconds from 1900 to 1970, and from 1900 to the end of the first era in 2036. */
const [until1970, era] = [2_208_988_800n, 1n << 32n]

/** Reads seconds of an era and a fraction of 2^-32 seconds. The highest bit decides the era: 1968 to 2036, or 2036 to 2104. */
const timeAt = (view: DataView, at: number): bigint => {
  const seconds = BigInt(view.getUint32(at))
  const since1900 = seconds < era / 2n ? seconds + era : seconds
  return (since1900 - until1970) * 1_000_000_000n + ((BigInt(view.getUint32(at + 4)) * 1_000_000_000n) >> 32n)
}

/** Reads a duration in units of 2^-16 seconds. */
const shortAt = (view: DataView, at: number): bigint => (BigInt(view.getUint32(at)) * 1_000_000_000n) >> 16n

/** Reads four characters. Others than printable ones are left out, because a terminal would interpret them. */
const asciiAt = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + 4)).replaceAll(/[^ -~]/g, "")

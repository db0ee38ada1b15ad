/**
 * Steering of datagrams over the sockets of one port: the socket filter (classic BPF) that Linux runs for each datagram.
 * It returns the index of the socket that gets the datagram.
 *
 * @see socket(7), SO_ATTACH_REUSEPORT_CBPF; linux/filter.h; RFC 8999 section 5, connection IDs of every QUIC version
 * @since 0.1.0
 */
import type { Abi } from "./Abi.ts"
import { format, isInteger, within } from "./internal/bounds.ts"
import { Ipv4Address } from "./Ipv4Address.ts"
import { Ipv6Address } from "./Ipv6Address.ts"

/**
 * Key of a datagram, and the number of sockets that share the port.
 *
 * **Details**
 *
 * The key is an unsigned integer in network byte order. The index of the socket is the key modulo `sockets`, and sockets
 * have the order in which they were bound.
 *
 * - `"payload"`: `length` bytes of the payload at `offset`.
 * - `"connectionId"`: `length` bytes of the destination connection ID of a QUIC packet, at `offset` of that ID.
 * - `"source"`: the source address without the port; for IPv6 the exclusive or of its four words.
 *
 * A datagram that is too short for its key goes to a socket by the hash of its addresses and ports, as without steering.
 *
 * @category models
 * @since 0.1.0
 */
export type Steering = {
  /** 1 to 65535. */
  readonly sockets: number
} & (
  | {
      readonly key: "payload"
      /** 0 to 65535. */
      readonly offset: number
      readonly length: 1 | 2 | 4
    }
  | {
      readonly key: "connectionId"
      /** 0 to 254. The range ends within 255 bytes, the longest connection ID. */
      readonly offset: number
      readonly length: 1 | 2 | 4
    }
  | { readonly key: "source" }
)

/**
 * Maximum size of a program in bytes.
 *
 * @category constants
 * @since 0.1.0
 */
export const maximumBytes = 8 * 17

/**
 * Returns the reason why a value is not a steering, or `undefined`.
 *
 * @category validation
 * @since 0.1.0
 */
export const validate = (value: unknown): string | undefined => {
  try {
    return contradictionIn(value)
  } catch (cause) {
    return `the key cannot be read (${format(cause)})`
  }
}

const contradictionIn = (value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) return `${format(value)} is not a key: give { sockets, key }`
  const { key, length, offset, sockets } = value as { readonly [name in string]?: unknown }
  if (!isInteger(sockets, 1, 0xffff)) return `${format(sockets)} is not a number of sockets: an integer from 1 to 65535`
  if (key === "source") return undefined
  if (key !== "payload" && key !== "connectionId")
    return `${format(key)} is not a key: "payload", "connectionId" or "source"`
  if (length !== 1 && length !== 2 && length !== 4)
    return `${format(length)} is not the length of a key: 1, 2 or 4 bytes`
  const last = key === "payload" ? 0xffff : 255 - length
  return isInteger(offset, 0, last) ? undefined : `${format(offset)} is not an offset: an integer from 0 to ${last}`
}

// Parts of an instruction's code, by the names of linux/bpf_common.h.
const LD = 0x00
const ALU = 0x04
const JMP = 0x05
const RET = 0x06
const MISC = 0x07
const sizes = { 1: 0x10, 2: 0x08, 4: 0x00 } as const
const ABS = 0x20
const LEN = 0x80
const X = 0x08
const A = 0x10
const RSH = 0x70
const MOD = 0x90
const XOR = 0xa0
const JA = 0x00
const JEQ = 0x10
const JGE = 0x30
const JSET = 0x40
const TAX = 0x00
const TXA = 0x80
/** Offsets from here on are those of the network header (`SKF_NET_OFF`, -0x100000). */
const NET = 0xfff00000

/** `struct sock_filter`: the code, the instructions to skip if a condition is true and if it is false, and the operand. */
type Instruction = readonly [code: number, k: number, whenTrue?: number, whenFalse?: number]

const load = (bytes: 1 | 2 | 4, at: number): Instruction => [LD | sizes[bytes] | ABS, at]
const loadLength: Instruction = [LD | LEN, 0]
const toX: Instruction = [MISC | TAX, 0]
const fromX: Instruction = [MISC | TXA, 0]
/** No socket has this index, so the kernel chooses by its hash. */
const byHash: Instruction = [RET, 0xffffffff]

/** Returns a valid steering. Throws a `RangeError` for any other value. */
const checked = (steering: Steering): Steering => {
  const why = validate(steering)
  if (why !== undefined) throw new RangeError(`Steering: ${why}. Correct it, or give another one.`)
  return steering
}

const instructions = (steering: Steering): ReadonlyArray<Instruction> => {
  const end: ReadonlyArray<Instruction> = [
    [ALU | MOD, steering.sockets],
    [RET | A, 0]
  ]
  if (steering.key === "source")
    return [
      load(1, NET),
      [ALU | RSH, 4],
      [JMP | JEQ, 4, 0, 2],
      load(4, NET + 12),
      [JMP | JA, 10],
      load(4, NET + 8),
      ...[12, 16, 20].flatMap((at): ReadonlyArray<Instruction> => [toX, load(4, NET + at), [ALU | XOR | X, 0]]),
      ...end
    ]
  const { key, length, offset } = steering
  if (key === "payload") return [loadLength, [JMP | JGE, offset + length, 0, 3], load(length, offset), ...end, byHash]
  // RFC 8999: the ID is at 1 in a short header. In a long one its length is at 5 and the ID at 6.
  return [
    loadLength,
    toX,
    [JMP | JGE, 1 + offset + length, 0, 11],
    load(1, 0),
    [JMP | JSET, 0x80, 2, 0],
    load(length, 1 + offset),
    [JMP | JA, 5],
    fromX,
    [JMP | JGE, 6 + offset + length, 0, 5],
    load(1, 5),
    [JMP | JGE, offset + length, 0, 3],
    load(length, 6 + offset),
    ...end,
    byHash
  ]
}

/**
 * Encodes the program: an array of `struct sock_filter`, of 8 bytes each. Throws a `RangeError` if the steering is invalid.
 *
 * @category encoding
 * @since 0.1.0
 */
export const write = (steering: Steering): Uint8Array => {
  const program = instructions(checked(steering))
  const bytes = new Uint8Array(8 * program.length)
  const view = new DataView(bytes.buffer)
  for (const [i, [code, k, whenTrue = 0, whenFalse = 0]] of program.entries()) {
    view.setUint16(8 * i, code, true)
    view.setUint8(8 * i + 2, whenTrue)
    view.setUint8(8 * i + 3, whenFalse)
    view.setUint32(8 * i + 4, k, true)
  }
  return bytes
}

/**
 * Encodes a `struct sock_fprog`: the number of instructions, and the address of the first. Throws a `RangeError` if the
 * address is not an integer of a pointer's size.
 *
 * @category encoding
 * @since 0.1.0
 */
export const writePointer = ({ pointerBytes }: Abi, program: Uint8Array, address: number): Uint8Array => {
  const bytes = new Uint8Array(2 * pointerBytes)
  const view = new DataView(bytes.buffer)
  within("An address", address, 0, pointerBytes === 8 ? Number.MAX_SAFE_INTEGER : 0xffffffff)
  view.setUint16(0, program.length / 8, true)
  if (pointerBytes === 8) view.setBigUint64(8, BigInt(address), true)
  else view.setUint32(4, address, true)
  return bytes
}

/**
 * Returns the index of the socket that gets a datagram, or `undefined` if the kernel chooses by the hash of addresses and
 * ports. A worker uses it to issue only connection IDs that lead to itself.
 *
 * **Details**
 *
 * `from` is the source address of the datagram. Only the key `"source"` reads it. Throws a `RangeError` if the steering is
 * invalid.
 *
 * @category steering
 * @since 0.1.0
 */
export const indexOf = (steering: Steering, data: Uint8Array, from?: Ipv4Address | Ipv6Address): number | undefined => {
  const key = keyOf(checked(steering), data, from)
  return key === undefined ? undefined : key % steering.sockets
}

const keyOf = (
  steering: Steering,
  data: Uint8Array,
  from: Ipv4Address | Ipv6Address | undefined
): number | undefined => {
  if (steering.key === "source") {
    if (from instanceof Ipv4Address) return from.value
    if (from === undefined) return undefined
    // An IPv4 peer of a dual socket has an IPv4 packet.
    return from instanceof Ipv6Address ? (from.a ^ from.b ^ from.c ^ from.d) >>> 0 : undefined
  }
  const { key, length, offset } = steering
  const isLong = key === "connectionId" && data.length > 0 && ((data[0] ?? 0) & 0x80) !== 0
  if (isLong && (data[5] ?? 0) < offset + length) return undefined
  const at = offset + (key === "payload" ? 0 : isLong ? 6 : 1)
  if (data.length < at + length) return undefined
  let value = 0
  for (let i = at; i < at + length; i++) value = value * 256 + (data[i] ?? 0)
  return value
}

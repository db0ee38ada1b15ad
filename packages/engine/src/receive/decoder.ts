/**
 * Decodes a control buffer to the record of a datagram. On the per-datagram path: plain loops.
 *
 * A kernel puts the same messages at the same offsets, datagram after datagram. Therefore the offsets of the last walk are tried first on
 * the next buffer. Every header is compared with its previous value. If one header or the total length differs, the buffer is walked again.
 */
import { Codec, ControlBuffer } from "@ancillary/control"
import type { ReceiveEntry } from "../plan/Plan.ts"
import { oncePerPlan } from "../plan/memoize.ts"
import type { Why } from "./DatagramFault.ts"

/**
 * The defect in a datagram's control data.
 *
 * @category sockets
 * @since 0.1.0
 */
export class ControlFault {
  readonly reason: "ControlTruncated" | "ControlMissing" | "ControlMalformed"
  readonly key: string | undefined
  readonly why: Why

  constructor(reason: ControlFault["reason"], key: string | undefined, why: Why) {
    this.reason = reason
    this.key = key
    this.why = why
  }

  get message(): string {
    return typeof this.why === "string" ? this.why : this.why()
  }
}

/**
 * Reads a control buffer. Returns the record of its messages, or the fault of its datagram.
 *
 * @category sockets
 * @since 0.1.0
 */
export type Decode = (
  view: DataView,
  at: number,
  bytes: number,
  peer: "ipv4" | "ipv6" | "unix",
  cut: boolean
) => { [key: string]: unknown } | ControlFault

/** Taken out of the module once: V8 looks up a member of a module by a call, for each datagram. */
const { isMalformed } = Codec

/** A message at the offset where the last walk found it, with its header. Its header is compared even if the message is not declared. */
interface CachedMessage {
  /** Offset of the header from the start of the buffer, and of the payload. */
  readonly at: number
  readonly payloadAt: number
  readonly payloadLength: number
  readonly declared: number
  readonly level: number
  readonly type: number
  readonly reader: Reader | undefined
}

/** Offsets of a walk that found each message at most once. `bytes` is the total length. */
interface CachedWalk {
  readonly bytes: number
  readonly steps: ReadonlyArray<CachedMessage>
  /** Indexes of the optional messages that did not arrive. */
  readonly absent: ReadonlyArray<number>
}

interface Reader {
  readonly slot: number
  readonly key: string
  readonly presence: "required" | "optional" | "repeated"
  readonly level: number
  readonly type: number
  readonly minimum: number
  readonly maximum: number
  /** True if the program declared the maximum, and it is less than the largest possible size. */
  readonly declared: boolean
  readonly several: boolean
  readonly read: ReceiveEntry["format"]["payload"]["read"]
}

const absent = Symbol("absent")

/**
 * Compiles the decoder of a plan.
 *
 * @category sockets
 * @since 0.1.0
 */
export const decoder = oncePerPlan((plan): Decode => {
  const fields = plan.received.map(({ message, optional }) => ({
    key: message.key,
    presence: optional && message.presence === "required" ? "optional" : message.presence
  }))
  const readers = (family: "ipv4" | "ipv6" | "unix"): ReadonlyArray<Reader> =>
    plan.receiveEntries
      .filter((planned) => planned.family === family && planned.format.event === undefined)
      .map(({ format: { level, payload, multiple, type }, declaration: { maximumBytes, message } }) => {
        const slot = fields.findIndex(({ key }) => key === message.key)
        const { size } = payload
        const largest = typeof size === "number" ? size : size.maximum
        const room = typeof size === "number" ? size : Math.min(size.maximum, maximumBytes ?? size.maximum)
        return {
          slot,
          key: message.key,
          presence: message.presence,
          level,
          type,
          minimum: typeof size === "number" ? size : (size.minimum ?? 0),
          maximum: room,
          declared: room < largest,
          several: multiple === true,
          read: payload.read
        }
      })
  const byFamily = { ipv4: readers("ipv4"), ipv6: readers("ipv6"), unix: readers("unix") }
  const cursor = new ControlBuffer.Cursor(plan.abi)
  const { none, some } = plan.maybe
  const values = new Array<unknown>(fields.length)
  const record = recordOf(fields.map(({ key }) => key))
  const isOptional = fields.map(({ presence }) => presence === "optional")
  const { length: lengthAt, level: levelAt, type: typeAt } = plan.abi.cmsghdr
  const wide = lengthAt.bytes === 8
  // If a message may be repeated, each buffer is walked.
  const isCacheable = fields.every(({ presence }) => presence !== "repeated")
  const cachedWalks: { [family in "ipv4" | "ipv6" | "unix"]: CachedWalk | undefined } = {
    ipv4: undefined,
    ipv6: undefined,
    unix: undefined
  }

  /** The message whose definition is running. The definition may be a program's own and throw. */
  let current: Reader | undefined

  /** Returns true if every header is unchanged and every payload can be decoded. `values` then holds the results. */
  const tryCached = ({ absent: missing, steps }: CachedWalk, view: DataView, at: number): boolean => {
    for (let i = 0; i < missing.length; i++) values[missing[i] ?? 0] = none
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]
      if (step === undefined) return false
      const header = at + step.at
      if (
        view.getUint32(header + lengthAt.at, true) !== step.declared ||
        (wide && view.getUint32(header + lengthAt.at + 4, true) !== 0) ||
        view.getInt32(header + levelAt, true) !== step.level ||
        view.getInt32(header + typeAt, true) !== step.type
      )
        return false
      const { reader } = step
      if (reader === undefined) continue
      current = reader
      const value = reader.read(view, at + step.payloadAt, step.payloadLength)
      if (value === undefined || isMalformed(value)) return false
      values[reader.slot] = isOptional[reader.slot] === true ? some(value) : value
    }
    return true
  }

  const decode: Decode = (view, at, bytes, peer, cut) => {
    const cachedWalk = cachedWalks[peer]
    if (cachedWalk !== undefined && cachedWalk.bytes === bytes && !cut && tryCached(cachedWalk, view, at))
      return record(values)
    const wanted = byFamily[peer]
    const steps: Array<CachedMessage> = []
    let once = isCacheable
    for (let i = 0; i < fields.length; i++) values[i] = fields[i]?.presence === "repeated" ? [] : absent
    cursor.reset(view, at, bytes)
    while (cursor.next()) {
      let read: Reader | undefined
      for (const reader of wanted) {
        if (reader.type !== cursor.type || reader.level !== cursor.level) continue
        // A truncated message differs from a whole one only in its length. Every length is therefore checked, whatever the flags are.
        const length = cursor.payloadLength
        if (reader.declared && length > reader.maximum) return exceeding(reader, length)
        if (length < reader.minimum || length > reader.maximum) return ofWrongLength(reader, length, cut)
        current = reader
        const value = reader.read(view, cursor.payloadAt, length)
        if (isMalformed(value)) return malformed(reader, value.malformed)
        if (value === undefined) {
          once = false
          continue
        }
        const list = values[reader.slot]
        if (read !== undefined || list !== absent) once = false
        read = reader
        if (reader.presence !== "repeated" || !Array.isArray(list)) values[reader.slot] = value
        else if (reader.several && Array.isArray(value)) for (const each of value) list.push(each)
        else list.push(value)
      }
      if (once) {
        steps.push({
          at: cursor.header - at,
          payloadAt: cursor.payloadAt - at,
          payloadLength: cursor.payloadLength,
          declared: cursor.payloadAt - cursor.header + cursor.payloadLength,
          level: cursor.level,
          type: cursor.type,
          reader: read
        })
      }
    }
    // Unix: a peer may send descriptors although the receiver did not request them. If all declared messages have arrived, no other message
    // can be lost.
    const complete =
      peer === "unix" && fields.every((field, i) => field.presence !== "repeated" && values[i] !== absent)
    if (cut && !complete)
      return new ControlFault(
        "ControlTruncated",
        undefined,
        "the kernel had more control data than fits into the derived buffer"
      )
    if (cursor.tail !== undefined) return endingWrong(cursor.tail, at)
    const missing: Array<number> = []
    for (let i = 0; i < fields.length; i++) {
      const value = values[i]
      if (isOptional[i] === true) {
        if (value === absent) missing.push(i)
        values[i] = value === absent ? none : some(value)
      } else if (value === absent) {
        return notArrived(fields[i]?.key)
      }
    }
    if (once && !cut) cachedWalks[peer] = { bytes, steps, absent: missing }
    return record(values)
  }

  return (view, at, bytes, peer, cut) => {
    try {
      return decode(view, at, bytes, peer, cut)
    } catch (error) {
      return unreadable(current, error)
    }
  }
})

// Separate functions make the faults, because a closure within `decode` would allocate its captured variables in each call.

const ofWrongLength = ({ key, maximum }: Reader, length: number, cut: boolean): ControlFault =>
  cut
    ? new ControlFault("ControlTruncated", key, () => `'${key}' was cut to ${length} bytes`)
    : new ControlFault("ControlMalformed", key, () => `'${key}' came with ${length} bytes instead of ${maximum}`)

/** `why` comes from a definition of the program, so it may have any type and its conversion may throw. */
const malformed = ({ key }: Reader, why: unknown): ControlFault => {
  const text = String(why)
  return new ControlFault("ControlMalformed", key, () => `'${key}' is malformed: ${text}`)
}

/** The end of the buffer is not a message. `at` is the offset of the buffer. */
const endingWrong = (end: Codec.Malformed, at: number): ControlFault =>
  new ControlFault("ControlMalformed", undefined, () => `at byte ${end.offset - at}, ${end.malformed}`)

const notArrived = (key: string | undefined): ControlFault =>
  new ControlFault("ControlMissing", key, () => `'${key}' is declared, and did not arrive`)

/** The definition threw, so its message is malformed for this datagram. */
const unreadable = (reader: Reader | undefined, error: unknown): ControlFault => {
  const why = error instanceof Error ? error.message : Codec.format(error)
  return new ControlFault(
    "ControlMalformed",
    reader?.key,
    `the definition of '${reader?.key}' threw while it read its message (${why}): let it return Codec.malformed instead`
  )
}

/**
 * Makes records of the same keys, in their order. A store with a constant key costs a third of a store in a loop, where the engine looks up
 * the key. The first four keys therefore have their own stores.
 */
const recordOf = (keys: ReadonlyArray<string>) => {
  const [first, second, third, fourth] = keys
  return (values: ReadonlyArray<unknown>): { [key: string]: unknown } => {
    const record: { [key: string]: unknown } = {}
    if (first !== undefined) record[first] = values[0]
    if (second !== undefined) record[second] = values[1]
    if (third !== undefined) record[third] = values[2]
    if (fourth !== undefined) record[fourth] = values[3]
    for (let i = 4; i < keys.length; i++) {
      const key = keys[i]
      if (key !== undefined) record[key] = values[i]
    }
    return record
  }
}

/** A message whose size a peer decides, and which is larger than the program declared. */
const exceeding = ({ key, maximum, minimum, several }: Reader, length: number): ControlFault =>
  new ControlFault("ControlTruncated", key, () =>
    several
      ? `'${key}' came with ${length / minimum} values, more than the ${maximum / minimum} that are declared: raise its maximum`
      : `'${key}' came with ${length} bytes, more than the ${maximum} that are declared: raise maximumBytes`
  )

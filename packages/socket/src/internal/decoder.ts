/**
 * From a control buffer to the record that a datagram carries. On the per-datagram path: plain loops, no Effect but its `Option`.
 */
import { Codec, ControlBuffer } from "@ancillary/control"
import { Option } from "effect"
import type { Plan, PlannedArrival } from "../Plan.ts"

/** What is wrong with a datagram's control data. */
export class ControlFault {
  readonly reason: "ControlTruncated" | "ControlMissing" | "ControlMalformed"
  readonly key: string | undefined
  readonly message: string

  constructor(reason: ControlFault["reason"], key: string | undefined, message: string) {
    this.reason = reason
    this.key = key
    this.message = message
  }
}

export type Decode = (
  view: DataView,
  at: number,
  bytes: number,
  peer: "ipv4" | "ipv6" | "unix",
  cut: boolean
) => { [key: string]: unknown } | ControlFault

interface Reader {
  readonly slot: number
  readonly key: string
  readonly presence: "always" | "perhaps" | "repeated"
  readonly level: number
  readonly type: number
  readonly minimum: number
  readonly maximum: number
  /** Whether the maximum is what the program declared, less than what could come. */
  readonly declared: boolean
  readonly several: boolean
  readonly read: PlannedArrival["arrival"]["payload"]["read"]
}

const absent = Symbol("absent")

/** Compiles the decoder of a plan. It keeps scratch space of its own: one call at a time, as everything on this path. */
export const decoder = (plan: Plan): Decode => {
  const fields = plan.received.map(({ message, optional }) => ({
    key: message.key,
    presence: optional && message.presence === "always" ? "perhaps" : message.presence
  }))
  const readers = (family: "ipv4" | "ipv6" | "unix"): ReadonlyArray<Reader> =>
    plan.arrivals
      .filter((planned) => planned.family === family && planned.arrival.event === undefined)
      .map(({ arrival: { level, payload, several, type }, declaration: { maximumBytes, message } }) => {
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
          several: several === true,
          read: payload.read
        }
      })
  const byFamily = { ipv4: readers("ipv4"), ipv6: readers("ipv6"), unix: readers("unix") }
  const cursor = new ControlBuffer.Cursor(plan.abi)
  const values = new Array<unknown>(fields.length)

  return (view, at, bytes, peer, cut) => {
    const wanted = byFamily[peer]
    for (let i = 0; i < fields.length; i++) values[i] = fields[i]?.presence === "repeated" ? [] : absent
    cursor.reset(view, at, bytes)
    while (cursor.next()) {
      for (const reader of wanted) {
        if (reader.type !== cursor.type || reader.level !== cursor.level) continue
        // A cut message differs from a whole one in its length alone: every length is checked, whatever the flags say.
        const length = cursor.payloadLength
        if (reader.declared && length > reader.maximum) return exceeding(reader, length)
        if (length < reader.minimum || length > reader.maximum) {
          return cut
            ? new ControlFault("ControlTruncated", reader.key, `'${reader.key}' was cut to ${length} bytes`)
            : new ControlFault(
                "ControlMalformed",
                reader.key,
                `'${reader.key}' came with ${length} bytes instead of ${reader.maximum}`
              )
        }
        const value = reader.read(view, cursor.payloadAt, length)
        if (Codec.isMalformed(value))
          return new ControlFault("ControlMalformed", reader.key, `'${reader.key}' is malformed: ${value.malformed}`)
        if (value === undefined) continue
        const list = values[reader.slot]
        if (reader.presence !== "repeated" || !Array.isArray(list)) values[reader.slot] = value
        else if (reader.several && Array.isArray(value)) for (const each of value) list.push(each)
        else list.push(value)
      }
    }
    // Unix: a peer may send descriptors to who did not ask for them. Where all that is declared has arrived, nothing else can have been lost.
    const complete =
      peer === "unix" && fields.every((field, i) => field.presence !== "repeated" && values[i] !== absent)
    if (cut && !complete)
      return new ControlFault(
        "ControlTruncated",
        undefined,
        "the kernel had more control data than fits into the derived buffer"
      )
    if (cursor.malformed !== undefined) {
      return new ControlFault(
        "ControlMalformed",
        undefined,
        `at byte ${cursor.malformed.offset - at}, ${cursor.malformed.malformed}`
      )
    }
    const record: { [key: string]: unknown } = {}
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]
      const value = values[i]
      if (field === undefined) continue
      if (field.presence === "perhaps") record[field.key] = value === absent ? Option.none() : Option.some(value)
      else if (value === absent)
        return new ControlFault("ControlMissing", field.key, `'${field.key}' is declared, and did not arrive`)
      else record[field.key] = value
    }
    return record
  }
}

/** What a peer decides the size of, where that is more than the program has declared room for. */
const exceeding = ({ key, maximum, minimum, several }: Reader, length: number): ControlFault => {
  const why = several
    ? `came with ${length / minimum} values, more than the ${maximum / minimum} that are declared: raise its maximum`
    : `came with ${length} bytes, more than the ${maximum} that are declared: raise maximumBytes`
  return new ControlFault("ControlTruncated", key, `'${key}' ${why}`)
}

/**
 * From what a program wants to go with a datagram to the bytes of a control buffer. Everything is checked before a byte is written.
 */
import { ControlBuffer } from "@ancillary/control"
import type { PlannedDeparture } from "../Plan.ts"
import { oncePerPlan } from "./oncePerPlan.ts"

/** Why something cannot be sent, and which field of it. */
export interface Refusal {
  readonly field: string
  readonly why: string
  readonly unsupported: boolean
}

/** Writes at an offset and answers the exact length, or why nothing can be written. */
export type Encode = (
  control: object,
  peer: "ipv4" | "ipv6" | "unix",
  view: DataView,
  at: number,
  socket: OwnValues
) => number | Refusal

/** The options of the socket, for the bits of a shared number that a message leaves alone. */
export interface OwnValues {
  readonly own: (level: number, option: number) => number
}

interface Writer {
  readonly key: string
  readonly level: number
  readonly type: number
  readonly size: number
  readonly mask: number | undefined
  readonly own: { readonly level: number; readonly option: number } | undefined
  readonly agrees: PlannedDeparture["departure"]["agrees"]
  readonly excludes: ReadonlyArray<string>
  readonly last: boolean
  readonly refuse: (value: unknown) => string | undefined
  readonly write: (view: DataView, at: number, value: unknown) => number
}

// The types of a spec guarantee that a value fits its codec, and `refuse` checks it; the erased table cannot say so.
const writer = ({ declaration, departure }: PlannedDeparture): Writer => {
  const { excludes, last, level, payload, shared, type } = departure
  return {
    key: declaration.message.key,
    level,
    type,
    size: typeof payload.size === "number" ? payload.size : payload.size.maximum,
    mask: shared?.mask,
    own: shared === undefined ? undefined : { level: shared.level, option: shared.option },
    agrees: departure.agrees,
    excludes: excludes ?? [],
    last: last ?? false,
    refuse: (value) => payload.refuse?.(value as never),
    write: (view, at, value) => payload.write(view, at, value as never)
  }
}

/** Whether two messages set the same bits, or one says that it and the other do. */
const areRivals = (one: Writer, two: Writer): boolean =>
  (one.type === two.type && one.level === two.level && ((one.mask ?? -1) & (two.mask ?? -1)) !== 0) ||
  one.excludes.includes(two.key) ||
  two.excludes.includes(one.key)

/** Compiles the encoder of a plan. */
export const encoder = oncePerPlan((plan): Encode => {
  const { abi } = plan
  const of = (family: "ipv4" | "ipv6" | "unix") =>
    new Map(
      plan.departures
        .filter((planned) => planned.family === family)
        .map((planned) => [planned.declaration.message.key, writer(planned)])
    )
  const byFamily = { ipv4: of("ipv4"), ipv6: of("ipv6"), unix: of("unix") }
  const scratch = new DataView(new ArrayBuffer(4))

  const refusal = (key: string, why: string, unsupported = false): Refusal => ({
    field: `control.${key}`,
    why,
    unsupported
  })
  const undeclared = (key: string) =>
    refusal(key, `'${key}' cannot be sent on this socket: its spec does not declare it for sending`)
  const declined = new Map(
    plan.declined.map(({ key, why }) => [key, `'${key}' is optional, and this platform lacks it: ${why}`])
  )

  /** The bits of a message that is only a part of a number; the rest comes from the other part, or from the socket itself. */
  const bits = (each: Writer, value: unknown): number => {
    scratch.setUint32(0, 0, true)
    each.write(scratch, 0, value)
    return scratch.getUint32(0, true) & (each.mask ?? 0)
  }

  /** Writes one of the messages that are given, or nothing for one that an earlier one was written with; answers where the next begins. */
  const write = (
    given: ReadonlyArray<Writer>,
    values: ReadonlyArray<unknown>,
    index: number,
    view: DataView,
    at: number,
    socket: OwnValues
  ): number => {
    const each = given[index]
    if (each === undefined) return at
    const { level, mask, size, type } = each
    if (each.own === undefined || mask === undefined) {
      const payloadAt = ControlBuffer.writeHeader(abi, view, at, level, type, 0)
      const bytes = each.write(view, payloadAt, values[index])
      ControlBuffer.writeField(view, at, abi.cmsghdr.length, ControlBuffer.length(abi, bytes))
      return pad(view, payloadAt + bytes, at + ControlBuffer.space(abi, bytes))
    }
    let number = socket.own(each.own.level, each.own.option)
    for (const [i, other] of given.entries()) {
      if (other.type !== type || other.level !== level) continue
      // Written with the first of the messages that share it.
      if (i < index) return at
      number = (number & ~(other.mask ?? 0)) | bits(other, values[i])
    }
    const payloadAt = ControlBuffer.writeHeader(abi, view, at, level, type, size)
    for (let i = 0; i < size; i++) view.setUint8(payloadAt + i, (number >>> (8 * i)) & 255)
    return pad(view, payloadAt + size, at + ControlBuffer.space(abi, size))
  }

  return (control, peer, view, at, socket) => {
    const writers = byFamily[peer]
    // Two arrays and a plain loop: this is done for each datagram.
    const given: Array<Writer> = []
    const values: Array<unknown> = []
    for (const key in control) {
      const value: unknown = Object.hasOwn(control, key) ? control[key as keyof typeof control] : undefined
      if (value === undefined) continue
      const each = writers.get(key)
      if (each === undefined || declined.has(key)) {
        const lacking = declined.get(key)
        return lacking === undefined ? undeclared(key) : refusal(key, lacking, true)
      }
      const { agrees } = each
      const why = each.refuse(value) ?? agrees?.refuse(value as never, socket.own(agrees.level, agrees.option))
      if (why !== undefined) return refusal(key, why)
      for (const other of given)
        if (areRivals(other, each))
          return refusal(key, `'${key}' and '${other.key}' are the same bits: give one of them`)
      given.push(each)
      values.push(value)
    }
    let end = at
    let behind = 0
    for (let i = 0; i < given.length; i++) {
      if (given[i]?.last === true) behind++
      else end = write(given, values, i, view, end, socket)
    }
    for (let i = 0; behind > 0 && i < given.length; i++)
      if (given[i]?.last === true) end = write(given, values, i, view, end, socket)
    const bytes = end - at
    if (bytes <= (abi.controlLimit ?? bytes)) return bytes
    const why = `${bytes} bytes of control data are more than the ${abi.controlLimit} that this system's C library takes with one datagram`
    return { field: "control", why, unsupported: false }
  }
})

const pad = (view: DataView, from: number, to: number): number => {
  for (let i = from; i < to; i++) view.setUint8(i, 0)
  return to
}

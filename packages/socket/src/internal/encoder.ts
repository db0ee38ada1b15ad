/**
 * From what a program wants to go with a datagram to the bytes of a control buffer. Everything is checked before a byte is written.
 */
import { ControlBuffer } from "@ancillary/control"
import type { Plan, PlannedDeparture } from "../Plan.ts"

/** Why something cannot be sent, and which field of it. */
export interface Refusal {
  readonly field: string
  readonly why: string
  readonly unsupported: boolean
}

/** Writes at an offset and answers the exact length, or why nothing can be written. */
export type Encode = (control: object, peer: "ipv4" | "ipv6" | "unix", view: DataView, at: number) => number | Refusal

/** Reads an option of the socket, for the bits of a shared number that a message leaves alone. */
export type OwnValue = (level: number, option: number) => number

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
export const encoder = (plan: Plan, own: OwnValue): Encode => {
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

  return (control, peer, view, at) => {
    const writers = byFamily[peer]
    const given: Array<readonly [Writer, unknown]> = []
    for (const [key, value] of Object.entries(control)) {
      if (value === undefined) continue
      const lacking = declined.get(key)
      if (lacking !== undefined) return refusal(key, lacking, true)
      const each = writers.get(key)
      if (each === undefined) return undeclared(key)
      const { agrees } = each
      const why = each.refuse(value) ?? agrees?.refuse(value as never, own(agrees.level, agrees.option))
      if (why !== undefined) return refusal(key, why)
      const rival = given.find(([other]) => areRivals(other, each))
      if (rival !== undefined) return refusal(key, `'${key}' and '${rival[0].key}' are the same bits: give one of them`)
      given.push([each, value])
    }
    if (given.length > 1) given.sort(([one], [two]) => Number(one.last) - Number(two.last))
    let end = at
    for (const [index, [each, value]] of given.entries()) {
      const same = (other: Writer) => other.type === each.type && other.level === each.level
      if (each.own === undefined || each.mask === undefined) {
        const payloadAt = ControlBuffer.writeHeader(abi, view, end, each.level, each.type, 0)
        const size = each.write(view, payloadAt, value)
        ControlBuffer.writeHeader(abi, view, end, each.level, each.type, size)
        end = pad(view, payloadAt + size, end + ControlBuffer.space(abi, size))
        continue
      }
      // Written with the first of the messages that share it.
      if (given.findIndex(([other]) => same(other)) < index) continue
      let number = own(each.own.level, each.own.option)
      for (const [other, part] of given) if (same(other)) number = (number & ~(other.mask ?? 0)) | bits(other, part)
      const payloadAt = ControlBuffer.writeHeader(abi, view, end, each.level, each.type, each.size)
      for (let i = 0; i < each.size; i++) view.setUint8(payloadAt + i, (number >>> (8 * i)) & 255)
      end = pad(view, payloadAt + each.size, end + ControlBuffer.space(abi, each.size))
    }
    const bytes = end - at
    if (bytes <= (abi.controlLimit ?? bytes)) return bytes
    const why = `${bytes} bytes of control data are more than the ${abi.controlLimit} that this system's C library takes with one datagram`
    return { field: "control", why, unsupported: false }
  }
}

const pad = (view: DataView, from: number, to: number): number => {
  for (let i = from; i < to; i++) view.setUint8(i, 0)
  return to
}

/**
 * Encodes the control messages that a program sends with a datagram. Everything is validated before a byte is written.
 *
 * Fields of the program's objects and functions of its definitions run here. They may throw, return invalid values, or send. Therefore the
 * bytes go into memory of the message, and no slot is filled in this time.
 */
import { type Abi, Codec, ControlBuffer, PktInfo } from "@ancillary/control"
import type { SendEntry } from "../plan/Plan.ts"
import { oncePerPlan } from "../plan/memoize.ts"
import type { SentControl } from "./sentControl.ts"
import type { Writer } from "./writer.ts"

/** Reason why a message cannot be sent, and the field with the problem. */
export interface Refusal {
  readonly field: string
  readonly why: string
  readonly unsupported: boolean
}

/** Reads all values and writes them into `into`. Returns the reason if they cannot be sent. */
export type Encode = (
  control: object,
  peer: "ipv4" | "ipv6" | "unix",
  into: SentControl,
  socket: OwnValues
) => Refusal | undefined

/** Options of the socket, for the bits of a shared number that a message does not set. */
export interface OwnValues {
  readonly own: (level: number, option: number) => number
  /** Linux and Winsock: a packet source with the address that the program omitted. */
  readonly complete: (value: unknown) => unknown
}

// The types of a spec guarantee that a value fits its codec, and `refuse` validates it. The table has lost these types.
const writer = ({ declaration, format, family }: SendEntry, abi: Abi): Writer => {
  const { excludes, writeLast, level, payload, shared, type } = format
  const size = typeof payload.size === "number" ? payload.size : payload.size.maximum
  const header = new DataView(new ArrayBuffer(ControlBuffer.headerSize(abi)))
  ControlBuffer.writeHeader(abi, header, 0, level, type, size)
  return {
    key: declaration.message.key,
    level,
    type,
    size,
    header,
    space: ControlBuffer.space(abi, size),
    least: typeof payload.size === "number" ? payload.size : (payload.size.minimum ?? 0),
    mask: shared?.mask,
    own:
      shared === undefined
        ? undefined
        : { level: shared.level, option: shared.option, whole: shared.whole ?? 0xffffffff },
    agrees: format.mustMatchOption,
    excludes: excludes ?? [],
    last: writeLast ?? false,
    isCompleted: abi.platform !== "darwin" && family === "ipv4" && declaration.message.key === PktInfo.key,
    refuse: (value) => textOf(payload.validate?.(value as never)),
    write: (view, at, value) => payload.write(view, at, value as never)
  }
}

/** Returns the reason why a definition refuses a value. A definition in JavaScript may return something other than a string. */
const textOf = (why: unknown): string | undefined =>
  why === undefined || typeof why === "string" ? why : `its definition refuses it with ${Codec.format(why)}`

/** True if two messages set the same bits, or if one of them declares that they conflict. */
const areRivals = (one: Writer, two: Writer): boolean =>
  (one.type === two.type && one.level === two.level && ((one.mask ?? -1) & (two.mask ?? -1)) !== 0) ||
  one.excludes.includes(two.key) ||
  two.excludes.includes(one.key)

/** Compiles the encoder of a plan. */
export const encoder = oncePerPlan((plan): Encode => {
  const { abi } = plan
  const declined = new Map(
    plan.declined.map(({ key, why }) => [key, `'${key}' is optional, and this platform lacks it: ${why}`])
  )
  const of = (family: "ipv4" | "ipv6" | "unix") =>
    new Map(
      plan.sendEntries
        .filter((planned) => planned.family === family && !declined.has(planned.declaration.message.key))
        .map((planned) => [planned.declaration.message.key, writer(planned, abi)])
    )
  const byFamily = { ipv4: of("ipv4"), ipv6: of("ipv6"), unix: of("unix") }
  const refusal = (key: string, why: string, unsupported = false): Refusal => ({
    field: `control.${key}`,
    why,
    unsupported
  })
  const undeclared = (key: string) =>
    refusal(key, `'${key}' cannot be sent on this socket: its spec does not declare it for sending`)
  /** Bits of a message that is only a part of a number. The rest comes from the other part, or from the socket. */
  const bits = (each: Writer, value: unknown, scratch: DataView): number => {
    scratch.setUint32(0, 0, true)
    each.write(scratch, 0, value)
    return scratch.getUint32(0, true) & (each.mask ?? 0)
  }

  /** Writes one of the given messages after the others. Writes nothing if it was already written together with an earlier one. */
  const write = (into: SentControl, index: number, socket: OwnValues): Refusal | undefined => {
    const { given, length: at, values, view } = into
    const each = given[index]
    if (each === undefined) return undefined
    const { level, mask, own, size, space, type } = each
    if (own === undefined || mask === undefined) {
      const payloadAt = writeHeader(each, view, at)
      // Bytes that a definition does not write are zero, and never those of another datagram.
      for (let i = at + space - 4; i >= payloadAt; i -= 4) view.setInt32(i, 0)
      const bytes = each.write(view, payloadAt, values[index])
      if (bytes === size) {
        into.length = pad(view, payloadAt + size, at + space)
        return undefined
      }
      if (!Codec.isInteger(bytes, each.least, size)) return refusal(each.key, wroteOtherwise(each, bytes))
      ControlBuffer.writeField(view, at, abi.cmsghdr.length, ControlBuffer.length(abi, bytes))
      into.length = pad(view, payloadAt + bytes, at + ControlBuffer.space(abi, bytes))
      return undefined
    }
    let masks = 0
    let number = 0
    for (let i = 0; i < into.count; i++) {
      const other = given[i]
      if (other?.type !== type || other.level !== level) continue
      // Already written with the first of the messages that share it.
      if (i < index) return undefined
      masks |= other.mask ?? 0
      number |= bits(other, values[i], into.scratch)
    }
    // Read from the socket only if the messages leave a bit unset.
    if ((own.whole & ~masks) !== 0) number |= socket.own(own.level, own.option) & ~masks
    const payloadAt = writeHeader(each, view, at)
    for (let i = 0; i < size; i++) view.setUint8(payloadAt + i, (number >>> (8 * i)) & 255)
    into.length = pad(view, payloadAt + size, at + space)
    return undefined
  }

  /** Reads each value once, and validates it. */
  const read = (
    control: object,
    key: string,
    peer: "ipv4" | "ipv6" | "unix",
    into: SentControl,
    socket: OwnValues
  ): Refusal | undefined => {
    const value: unknown = Object.hasOwn(control, key) ? control[key as keyof typeof control] : undefined
    if (value === undefined) return undefined
    const each = byFamily[peer].get(key)
    if (each === undefined) {
      const lacking = declined.get(key)
      return lacking === undefined ? undeclared(key) : refusal(key, lacking, true)
    }
    const { agrees } = each
    let why = each.refuse(value)
    if (why === undefined && agrees !== undefined && agrees.concerns?.(value as never) !== false)
      why = textOf(agrees.validate(value as never, socket.own(agrees.level, agrees.option)))
    if (why !== undefined) return refusal(key, why)
    for (let i = 0; i < into.count; i++) {
      const other = into.given[i]
      if (other !== undefined && areRivals(other, each))
        return refusal(key, `'${key}' and '${other.key}' are the same bits: give one of them`)
    }
    into.add(each, each.isCompleted ? socket.complete(value) : value)
    return undefined
  }

  return (control, peer, into, socket) => {
    // Key of the message whose code is running, for the error if it throws.
    let key = ""
    let how = "it cannot be read"
    try {
      for (key in control) {
        const refused = read(control, key, peer, into, socket)
        if (refused !== undefined) return refused
      }
      how = "its definition cannot write it"
      const { count, given } = into
      let behind = false
      for (let i = 0; i < count; i++) {
        const each = given[i]
        if (each?.last === true) behind = true
        else if (each !== undefined) {
          key = each.key
          const refused = write(into, i, socket)
          if (refused !== undefined) return refused
        }
      }
      for (let i = 0; behind && i < count; i++) {
        const each = given[i]
        if (each?.last !== true) continue
        key = each.key
        const refused = write(into, i, socket)
        if (refused !== undefined) return refused
      }
    } catch (cause) {
      return {
        field: key === "" ? "control" : `control.${key}`,
        why: `${how} (${Codec.format(cause)})`,
        unsupported: false
      }
    }
    if (into.length <= (abi.controlLimit ?? into.length)) return undefined
    const why = `${into.length} bytes of control data are more than the ${abi.controlLimit} that this system's C library takes with one datagram`
    return { field: "control", why, unsupported: false }
  }
})

const wroteOtherwise = ({ least, size }: Writer, bytes: unknown): string =>
  `its definition claims to have written ${Codec.format(bytes)} bytes, and declares ${least === size ? size : `${least} to ${size}`}: return the bytes written`

/** Copies the header, which is a multiple of 4 bytes in every ABI. Returns the offset of the payload. */
const writeHeader = ({ header }: Writer, view: DataView, at: number): number => {
  const { byteLength } = header
  for (let i = 0; i < byteLength; i += 4) view.setInt32(at + i, header.getInt32(i))
  return at + byteLength
}

const pad = (view: DataView, from: number, to: number): number => {
  for (let i = from; i < to; i++) view.setUint8(i, 0)
  return to
}

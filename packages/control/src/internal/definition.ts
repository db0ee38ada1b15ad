import type { Platform } from "../Abi.ts"
import { format } from "../Codec.ts"
import type { ReceiveFormat, Cell, Presence } from "../MessageRow.ts"
import { validateSafely } from "./validateSafely.ts"

type Table = { readonly [P in Platform]: { readonly [F in string]?: Cell } }

/** Returns every receive format of a message, on all platforms. */
export const receiveFormats = (table: Table): ReadonlyArray<ReceiveFormat<unknown>> =>
  Object.values(table)
    .flatMap((families) => Object.values(families))
    .flatMap((cell) =>
      cell === undefined || "unsupported" in cell || cell.receive === undefined || "unsupported" in cell.receive
        ? []
        : cell.receive
    )

/** Throws for a definition that contradicts itself or cannot be read. */
export const check = (key: string, presence: Presence, table: Table): void => {
  const why = validateSafely(`Control message ${format(key)}: its definition`, () =>
    contradiction(key, presence, table)
  )
  if (why !== undefined) throw new TypeError(`${why}${why.endsWith(".") ? "" : "."}`)
}

const contradiction = (key: string, presence: Presence, table: Table): string | undefined => {
  if (typeof key !== "string" || !/^[a-z][A-Za-z0-9]*$/.test(key))
    return `A control message's key is a name in camelCase, not ${format(key)}.`
  if (!["required", "optional", "repeated"].includes(presence))
    return `Control message '${key}': presence is "required", "optional" or "repeated", not ${format(presence)}.`
  for (const [platform, families] of Object.entries(table)) {
    for (const [family, cell] of Object.entries(families)) {
      const contradiction =
        cell === undefined ? "there is neither a row nor an absence" : contradictionOf(key, cell, presence)
      if (contradiction !== undefined) return `Control message '${key}', ${platform}, ${family}: ${contradiction}.`
    }
  }
  const events = new Set(receiveFormats(table).map(({ event }) => event !== undefined))
  if (events.size > 1) return `Control message '${key}': it comes with datagrams and without; make two messages of it.`
  for (const platform of ["linux", "darwin", "winsock"] as const)
    if (typeof table[platform] !== "object") return `Control message '${key}': its table has nothing for ${platform}.`
  return undefined
}

const contradictionOf = (key: string, cell: Cell, presence: Presence): string | undefined => {
  if ("unsupported" in cell) return cell.unsupported.trim() === "" ? "an absence without a reason" : undefined
  const { receive, send, request } = cell
  for (const part of [receive, send])
    if (part !== undefined && "unsupported" in part && part.unsupported.trim() === "")
      return "an absence without a reason"
  const arrivals = receive === undefined || "unsupported" in receive ? [] : receive
  const departure = send === undefined || "unsupported" in send ? undefined : send
  if (arrivals.length === 0 && departure === undefined)
    return "a message that neither arrives nor is sent is an absence, with its reason"
  if (request.length > 0 && arrivals.length === 0) return "it is asked for, but never arrives"
  // Checked before the values are formatted, because not every value can be formatted.
  if (!arrivals.every(isMarked)) return "receive: level and type are signed 32-bit integers"
  if (departure !== undefined && !isMarked(departure)) return "send: level and type are signed 32-bit integers"
  const marks = arrivals.map(({ level, type }) => `${level}/${type}`)
  if (new Set(marks).size < marks.length) return "it arrives twice under one level and type"
  for (const [name, part] of [
    ...arrivals.map((arrival) => ["receive", arrival] as const),
    ...(departure ? [["send", departure] as const] : [])
  ]) {
    const { size } = part.payload
    const maximum = typeof size === "number" ? size : size.maximum
    if (!Number.isInteger(maximum) || maximum < 0 || maximum > 0xffff) return `${name}: a payload of ${maximum} bytes`
    const minimum = typeof size === "number" ? size : (size.minimum ?? 0)
    if (!Number.isInteger(minimum) || minimum < 0 || minimum > maximum)
      return `${name}: the least size is no integer from 0 to the greatest`
    if (typeof size !== "number" && presence === "repeated" && (size.minimum ?? 1) < 1)
      return `${name}: a repeated message of no size`
  }
  if (departure?.excludes?.includes(key) ?? false) return "send: it excludes itself"
  if (departure?.shared !== undefined) {
    const { mask } = departure.shared
    if (!Number.isInteger(mask) || mask <= 0 || mask > 0xffffffff)
      return "send: a mask is an integer of at least one bit"
    const { size } = departure.payload
    if (typeof size !== "number" || size > 4) return "send: only a payload of at most 4 bytes can be shared"
    if (mask >= 2 ** (8 * size)) return `send: the mask has bits that a payload of ${size} bytes does not have`
  }
  return undefined
}

/** Checks for a C `int`, because a greater number would never match a received one. */
const isInt32 = (value: number): boolean => Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff

const isMarked = ({ level, type }: { readonly level: number; readonly type: number }): boolean =>
  isInt32(level) && isInt32(type)

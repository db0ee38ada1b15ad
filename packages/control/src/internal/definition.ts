import type { Platform } from "../Abi.ts"
import { shown } from "../Codec.ts"
import type { Arrival, Cell, Presence } from "../ControlMessage.ts"
import { refusing } from "./refusing.ts"

type Table = { readonly [P in Platform]: { readonly [F in string]?: Cell } }

/** Every way in which a message arrives, on any platform. */
export const arrivalsOf = (table: Table): ReadonlyArray<Arrival<unknown>> =>
  Object.values(table)
    .flatMap((families) => Object.values(families))
    .flatMap((cell) =>
      cell === undefined || "absent" in cell || cell.arrives === undefined || "absent" in cell.arrives
        ? []
        : cell.arrives
    )

/** Refuses, with a sentence, a definition that contradicts itself, or that cannot be read. */
export const check = (key: string, presence: Presence, table: Table): void => {
  const why = refusing(`Control message ${shown(key)}: its definition`, () => contradiction(key, presence, table))
  if (why !== undefined) throw new TypeError(`${why}${why.endsWith(".") ? "" : "."}`)
}

const contradiction = (key: string, presence: Presence, table: Table): string | undefined => {
  if (typeof key !== "string" || !/^[a-z][A-Za-z0-9]*$/.test(key))
    return `A control message's key is a name in camelCase, not ${shown(key)}.`
  if (!["always", "perhaps", "repeated"].includes(presence))
    return `Control message '${key}': presence is "always", "perhaps" or "repeated", not ${shown(presence)}.`
  for (const [platform, families] of Object.entries(table)) {
    for (const [family, cell] of Object.entries(families)) {
      const contradiction =
        cell === undefined ? "there is neither a row nor an absence" : contradictionOf(key, cell, presence)
      if (contradiction !== undefined) return `Control message '${key}', ${platform}, ${family}: ${contradiction}.`
    }
  }
  const events = new Set(arrivalsOf(table).map(({ event }) => event !== undefined))
  if (events.size > 1) return `Control message '${key}': it comes with datagrams and without; make two messages of it.`
  for (const platform of ["linux", "darwin", "winsock"] as const)
    if (typeof table[platform] !== "object") return `Control message '${key}': its table has nothing for ${platform}.`
  return undefined
}

const contradictionOf = (key: string, cell: Cell, presence: Presence): string | undefined => {
  if ("absent" in cell) return cell.absent.trim() === "" ? "an absence without a reason" : undefined
  const { arrives, sends, request } = cell
  for (const part of [arrives, sends])
    if (part !== undefined && "absent" in part && part.absent.trim() === "") return "an absence without a reason"
  const arrivals = arrives === undefined || "absent" in arrives ? [] : arrives
  const departure = sends === undefined || "absent" in sends ? undefined : sends
  if (arrivals.length === 0 && departure === undefined)
    return "a message that neither arrives nor is sent is an absence, with its reason"
  if (request.length > 0 && arrivals.length === 0) return "it is asked for, but never arrives"
  // Before they are shown: not everything has a text.
  if (!arrivals.every(isMarked)) return "arrives: level and type are signed 32-bit integers"
  if (departure !== undefined && !isMarked(departure)) return "sends: level and type are signed 32-bit integers"
  const marks = arrivals.map(({ level, type }) => `${level}/${type}`)
  if (new Set(marks).size < marks.length) return "it arrives twice under one level and type"
  for (const [name, part] of [
    ...arrivals.map((arrival) => ["arrives", arrival] as const),
    ...(departure ? [["sends", departure] as const] : [])
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
  if (departure?.excludes?.includes(key) ?? false) return "sends: it excludes itself"
  if (departure?.shared !== undefined) {
    const { mask } = departure.shared
    if (!Number.isInteger(mask) || mask <= 0 || mask > 0xffffffff)
      return "sends: a mask is an integer of at least one bit"
    const { size } = departure.payload
    if (typeof size !== "number" || size > 4) return "sends: only a payload of at most 4 bytes can be shared"
    if (mask >= 2 ** (8 * size)) return `sends: the mask has bits that a payload of ${size} bytes does not have`
  }
  return undefined
}

/** As C has them: a greater number would never be found among what arrives. */
const isInt32 = (value: number): boolean => Number.isInteger(value) && value >= -0x80000000 && value <= 0x7fffffff

const isMarked = ({ level, type }: { readonly level: number; readonly type: number }): boolean =>
  isInt32(level) && isInt32(type)

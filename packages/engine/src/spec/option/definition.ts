/**
 * What a socket option is: a name, and how each platform sets and gets it for each family, or why it does not.
 *
 * @since 0.1.0
 */
import { type Unsupported, Codec, type Family, isUnsupported, type Platform } from "@ancillary/control"
import { families } from "../families.ts"
import { nameOf } from "../formatCall.ts"

/**
 * How one platform does an option for one family.
 *
 * **Details**
 *
 * The codec is the cell's own, because platforms differ in bytes: an interface index is in network order on Linux where Windows wants host
 * order, a switch is one byte or four. It is given what the kernel answers to `getsockopt`, of any length within `size`.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Row<in out A> {
  readonly level: number
  readonly option: number
  readonly codec: Codec.Codec<A>
  /** Why this platform lacks a value that others have, or nothing. */
  readonly unsupportedValue?: ((value: A) => string | undefined) | undefined
  /** Why the value can be set and not be got. */
  readonly writeOnly?: string | undefined
  /** What a process needs to set it, as the system names it: `CAP_NET_ADMIN`. */
  readonly privilege?: string | undefined
}

/**
 * The data behind an option.
 *
 * **Details**
 *
 * `Families` are those of the specs that may set it. `dual` has no row of its own: such a socket is set for IPv6, then for IPv4, as far as the
 * table has rows of the two. A socket of one family is never set for the other.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Definition<in out A, Families extends Family> {
  /** As the headers call it, and as the errors say it: `SO_RCVBUF`, `IP_TTL/IPV6_UNICAST_HOPS`. */
  readonly name: string
  /** Total: every platform and family says how, or why not. A missing cell does not compile. */
  readonly table: {
    readonly [P in Platform]: { readonly [F in Exclude<Families, "dual">]: Row<A> | Unsupported }
  }
  /** Why no platform can have a value, or nothing: asked before any system call, ahead of the codec's own `refuse`. */
  readonly validate?: ((value: A) => string | undefined) | undefined
}

declare const Defined: unique symbol

/**
 * An option: the type of its value, the families that have it, what it needs of the platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOption<in out A, Families extends Family, Needs = never> {
  /** A phantom. */
  readonly [Defined]: { readonly families: Families; readonly needs: (_: never) => Needs }
  readonly name: string
  /** How the platform does it for a family, or why it does not; nothing for a family that the definition is not for. */
  readonly cell: (platform: Platform, family: "ipv4" | "ipv6" | "unix") => Row<A> | Unsupported | undefined
  /** Why a value can be set nowhere, or nothing. */
  readonly validate: (value: A) => string | undefined
}

/**
 * Makes an option. The one way: every built-in goes through it.
 *
 * **Gotchas**
 *
 * Throws a `TypeError` for a definition that contradicts itself (an absence without a reason, a number that is none): that is a mistake in a
 * program, found when its module is loaded.
 *
 * @example
 * ```ts
 * import { Codec } from "@ancillary/control"
 * import { Datagram, SocketOption, withSocketOption } from "@ancillary/effect3"
 *
 * const busyPoll = SocketOption.define<number, "ipv4" | "ipv6">({
 *   name: "SO_BUSY_POLL",
 *   table: {
 *     linux: {
 *       ipv4: { level: 1, option: 46, codec: Codec.int32 },
 *       ipv6: { level: 1, option: 46, codec: Codec.int32 }
 *     },
 *     darwin: { ipv4: { unsupported: "only Linux polls devices" }, ipv6: { unsupported: "only Linux polls devices" } },
 *     winsock: { ipv4: { unsupported: "only Linux polls devices" }, ipv6: { unsupported: "only Linux polls devices" } }
 *   }
 * })
 * const spec = Datagram.ipv4.pipe(withSocketOption(busyPoll, 50))
 * ```
 *
 * @category definitions
 * @since 0.1.0
 */
export const define = <A = never, Families extends Family = never, Needs = never>(
  definition: Definition<A, Families>
): SocketOption<A, Families, Needs> => {
  const why = contradictionIn(definition)
  if (why !== undefined) throw new TypeError(why)
  const { name } = definition
  const table: { readonly [P in Platform]: { readonly [F in string]?: Row<A> | Unsupported } } = definition.table
  const refuse = (value: A): string | undefined => definition.validate?.(value)
  const cell = (platform: Platform, family: "ipv4" | "ipv6" | "unix") => table[platform][family]
  // The symbol is a phantom: it carries the types and is never there.
  return { name, cell, validate: refuse } as SocketOption<A, Families, Needs>
}

/** What is wrong with a definition, also if it cannot be read. */
const contradictionIn = (definition: unknown): string | undefined => {
  try {
    const { name, table } = definition as { readonly name: unknown; readonly table: object }
    for (const platform of ["linux", "darwin", "winsock"])
      if (typeof Reflect.get(table, platform) !== "object")
        return `Option ${nameOf(name)}: its table lacks ${platform}.`
    for (const [platform, rows] of Object.entries(table))
      for (const [family, cell] of Object.entries(rows as { readonly [F in string]?: Row<unknown> | Unsupported })) {
        const contradiction = contradictionOf(cell)
        if (contradiction !== undefined) return `Option ${nameOf(name)}, ${platform}, ${family}: ${contradiction}.`
      }
    return undefined
  } catch (cause) {
    return `The definition of an option cannot be read (${Codec.format(cause)}).`
  }
}

const contradictionOf = <A>(cell: Row<A> | Unsupported | undefined): string | undefined => {
  if (cell === undefined) return "there is neither a row nor an absence"
  if (isUnsupported(cell)) return cell.unsupported.trim() === "" ? "an absence without a reason" : undefined
  if (!Number.isInteger(cell.level) || !Number.isInteger(cell.option)) return "level and option are integers"
  const { maximum, minimum } = sizeOf(cell.codec)
  return Number.isInteger(maximum) && minimum >= 0 && minimum <= maximum && maximum <= 0xffff
    ? undefined
    : `a value of ${minimum} to ${maximum} bytes`
}

/**
 * The fewest and the most bytes that a value has.
 *
 * @category definitions
 * @since 0.1.0
 */
export const sizeOf = <A>({ size }: Codec.Codec<A>): { readonly minimum: number; readonly maximum: number } =>
  typeof size === "number" ? { minimum: size, maximum: size } : { minimum: size.minimum ?? 0, maximum: size.maximum }

/**
 * The rows that a socket of a family uses, IPv6's before IPv4's on a `dual` one; or why the platform lacks one of them.
 *
 * @category definitions
 * @since 0.1.0
 */
export const rowsOf = <A, Families extends Family, Needs>(
  option: SocketOption<A, Families, Needs>,
  platform: Platform,
  family: Family
): ReadonlyArray<Row<A>> | Unsupported => {
  const rows: Array<Row<A>> = []
  for (const each of families(family)) {
    const cell = option.cell(platform, each)
    if (isUnsupported(cell)) return cell
    // An option of the socket itself has the same row for both families.
    if (cell !== undefined && !rows.some((row) => row.level === cell.level && row.option === cell.option))
      rows.push(cell)
  }
  return rows.length > 0 ? rows : { unsupported: `${option.name} does not exist for ${family} sockets` }
}

/**
 * One `setsockopt`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  readonly level: number
  readonly option: number
  readonly value: Uint8Array
  /** What a process needs for it, as the system names it. */
  readonly privilege: string | undefined
}

/**
 * The calls that set an option to a value; or why the value cannot be, or why the platform does not have it.
 *
 * @category models
 * @since 0.1.0
 */
export type Encoded = ReadonlyArray<Call> | { readonly invalid: string } | Unsupported

/**
 * From a value to the calls that set it.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = <A, Families extends Family, Needs>(
  option: SocketOption<A, Families, Needs>,
  value: A,
  platform: Platform,
  family: Family
): Encoded => {
  try {
    return encodeRows(option, value, platform, family)
  } catch (cause) {
    return { invalid: `its definition cannot write the value (${Codec.format(cause)}): correct it` }
  }
}

const encodeRows = <A, Families extends Family, Needs>(
  option: SocketOption<A, Families, Needs>,
  value: A,
  platform: Platform,
  family: Family
): Encoded => {
  const impossible = textOf(option.validate(value))
  if (impossible !== undefined) return { invalid: impossible }
  const rows = rowsOf(option, platform, family)
  if (isUnsupported(rows)) return rows
  const calls: Array<Call> = []
  for (const { codec, unsupportedValue, level, option: number, privilege } of rows) {
    const invalid = textOf(codec.validate?.(value))
    if (invalid !== undefined) return { invalid }
    const absent = textOf(unsupportedValue?.(value))
    if (absent !== undefined) return { unsupported: absent }
    const { maximum, minimum } = sizeOf(codec)
    const bytes = new Uint8Array(maximum)
    const length: unknown = codec.write(new DataView(bytes.buffer), 0, value)
    if (!Codec.isInteger(length, minimum, maximum)) {
      const declared = minimum === maximum ? maximum : `${minimum} to ${maximum}`
      const claimed = `its definition claims to have written ${Codec.format(length)} bytes, and declares ${declared}`
      return { invalid: `${claimed}: return the bytes written` }
    }
    calls.push({ level, option: number, value: bytes.subarray(0, length), privilege })
  }
  return calls
}

/** Why a definition refuses a value. It may be written in JavaScript, and answer with something else than a text. */
const textOf = (why: unknown): string | undefined =>
  why === undefined || typeof why === "string" ? why : `its definition refuses it with ${Codec.format(why)}`

/**
 * An option as a spec sets it: what was asked for, without its types.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionValue {
  /** The option's name: set twice, the last one counts. */
  readonly name: string
  /** As the program wrote it: `withFreebind()`. */
  readonly feature: string
  readonly encode: (platform: Platform, family: Family) => Encoded
}

/**
 * A setting of an option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const optionValue = <A, Families extends Family, Needs>(
  option: SocketOption<A, Families, Needs>,
  value: A,
  feature: string
): OptionValue => ({
  name: option.name,
  feature,
  encode: (platform, family) => encode(option, value, platform, family)
})

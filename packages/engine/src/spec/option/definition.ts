/**
 * Definition of a socket option: its name, and its implementation for each platform and family. A missing one has a reason.
 *
 * @since 0.1.0
 */
import { type Unsupported, Codec, type Family, isUnsupported, type Platform } from "@ancillary/control"
import { families } from "../families.ts"
import { nameOf } from "../formatCall.ts"

/**
 * Implementation of an option on one platform for one family.
 *
 * **Details**
 *
 * Each cell has its own codec, because platforms differ in bytes. An interface index is in network order on Linux and in host order on
 * Windows. A switch is one byte or four. The codec reads the bytes that `getsockopt` returned, of any length within `size`.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Row<in out A> {
  readonly level: number
  readonly option: number
  readonly codec: Codec.Codec<A>
  /** Returns the reason why this platform lacks a value that others have, or `undefined`. */
  readonly unsupportedValue?: ((value: A) => string | undefined) | undefined
  /** Reason why the value can be set and cannot be read. */
  readonly writeOnly?: string | undefined
  /** Privilege that a process requires to set it, by the system's name: `CAP_NET_ADMIN`. */
  readonly privilege?: string | undefined
  /** Set if only a bound socket accepts the option. A spec sets it after `bind`. */
  readonly afterBind?: true | undefined
}

/**
 * The data behind an option.
 *
 * **Details**
 *
 * `Families` are the families of the specs that may set it. `dual` has no row of its own. Such a socket is set for IPv6, then for IPv4, if
 * the table has rows for them. A socket of one family is never set for the other.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Definition<in out A, Families extends Family> {
  /** Name in the headers and in errors: `SO_RCVBUF`, `IP_TTL/IPV6_UNICAST_HOPS`. */
  readonly name: string
  /** Complete table: every platform and family has a row or a reason for its absence. A missing cell does not compile. */
  readonly table: {
    readonly [P in Platform]: { readonly [F in Exclude<Families, "dual">]: Row<A> | Unsupported }
  }
  /**
   * Returns the reason why a value is invalid on every platform, or `undefined`. It is called before any system call, and before the
   * codec's own `refuse`.
   */
  readonly validate?: ((value: A) => string | undefined) | undefined
}

declare const Defined: unique symbol

/**
 * An option, with the type of its value, the families that have it, and the capabilities that it requires of the platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface SocketOption<in out A, Families extends Family, Needs = never> {
  /** A phantom. */
  readonly [Defined]: { readonly families: Families; readonly needs: (_: never) => Needs }
  readonly name: string
  /**
   * Returns the platform's row for a family, or the reason for its absence. Returns `undefined` if the definition does not apply to the
   * family.
   */
  readonly cell: (platform: Platform, family: "ipv4" | "ipv6" | "unix") => Row<A> | Unsupported | undefined
  /** Returns the reason why a value is invalid on every platform, or `undefined`. */
  readonly validate: (value: A) => string | undefined
}

/**
 * Makes an option. Built-in options use it too.
 *
 * **Gotchas**
 *
 * Throws a `TypeError` if a definition contradicts itself, for example an absence without a reason or an invalid number. This is a mistake
 * in a program, found when its module is loaded.
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
  // The symbol is a phantom. It carries types and does not exist at run time.
  return { name, cell, validate: refuse } as SocketOption<A, Families, Needs>
}

/** Returns the contradiction in a definition, also if the definition cannot be read. */
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
 * Minimum and maximum size of a value in bytes.
 *
 * @category definitions
 * @since 0.1.0
 */
export const sizeOf = <A>({ size }: Codec.Codec<A>): { readonly minimum: number; readonly maximum: number } =>
  typeof size === "number" ? { minimum: size, maximum: size } : { minimum: size.minimum ?? 0, maximum: size.maximum }

/**
 * Rows that a socket of a family uses, or the reason why the platform lacks one of them. On a `dual` socket IPv6's row comes before IPv4's.
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
  /** Privilege that a process requires for it, by the system's name. */
  readonly privilege: string | undefined
  /** Set if only a bound socket accepts it. */
  readonly afterBind?: true | undefined
}

/**
 * The calls that set an option to a value, or the reason why the value is invalid or the platform lacks the option.
 *
 * @category models
 * @since 0.1.0
 */
export type Encoded = ReadonlyArray<Call> | { readonly invalid: string } | Unsupported

/**
 * Converts a value to the calls that set it.
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
  for (const { afterBind, codec, unsupportedValue, level, option: number, privilege } of rows) {
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
    calls.push({
      level,
      option: number,
      value: bytes.subarray(0, length),
      privilege,
      ...(afterBind === true ? { afterBind } : {})
    })
  }
  return calls
}

/** Returns the reason why a definition refuses a value. A definition in JavaScript may return something other than a string. */
const textOf = (why: unknown): string | undefined =>
  why === undefined || typeof why === "string" ? why : `its definition refuses it with ${Codec.format(why)}`

/**
 * An option as a spec sets it, with its value and without its types.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionValue {
  /** Name of the option. If an option is set twice, the last value applies. */
  readonly name: string
  /** Source text of the combinator: `withFreebind()`. */
  readonly feature: string
  readonly encode: (platform: Platform, family: Family) => Encoded
}

/**
 * Makes the value of an option for a spec.
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

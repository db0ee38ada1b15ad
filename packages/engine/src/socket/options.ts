/**
 * What an open socket is set to: its options, and the values of them that what is sent depends on.
 */
import { Codec, type Endpoint, type Family, Ipv4Address, isUnsupported, type PacketSource } from "@ancillary/control"
import {
  type DatagramOptionError,
  invalidOption,
  leaveItOut,
  optionClosed,
  optionError,
  unknownValue
} from "../errors/DatagramError.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../driver/Driver.ts"
import { encode, rowsOf, sizeOf, type SocketOption } from "../spec/option/definition.ts"
import type { Plan } from "../plan/Plan.ts"
import { InterfaceTable } from "../driver/interfaceTable.ts"

/** Reads in a row that return the same value. The last of them is good for several calls. */
const sameReads = 16
/** Calls that one read is good for, within one synchronous run of the program. `sendAll` sends as many datagrams with one call. */
const callsPerRead = 64

/** How often this module has set an option of any socket: two sockets may share one. */
let optionsSet = 0

/** A value of the socket's own. */
interface Own {
  value: number
  /** Reads in a row that returned it. */
  same: number
  /** Calls that may still go by it, and the one that did last. */
  left: number
  call: number
  set: number
}

export class Live {
  readonly plan: Plan
  readonly native: NativeSocket
  /** By level and option in one number. */
  #own = new Map<number, Own>()
  #call = 0
  #into = new Uint8Array(4)
  #view = new DataView(this.#into.buffer)
  /** Whether the end of the synchronous run is waited for. */
  #runs = false

  readonly interfaces: InterfaceTable

  /** The IPv4 address that the socket is bound to, unless it is bound to all of them. */
  #bound: Ipv4Address | undefined

  constructor(plan: Plan, native: NativeSocket, interfaces: Driver["interfaces"], local: Endpoint<Family>) {
    this.plan = plan
    this.native = native
    this.interfaces = new InterfaceTable(interfaces)
    const { address } = local as { readonly address?: unknown }
    this.#bound = address instanceof Ipv4Address && !address.isUnspecified ? address : undefined
  }

  /**
   * Linux: `ipi_spec_dst` 0 takes the place of the address that the socket is bound to, and the route decides (`ip_cmsg_send`). IPv6 keeps it.
   */
  complete(value: unknown): unknown {
    if (this.plan.abi.platform === "winsock") return this.interfaces.complete(value)
    if (this.#bound === undefined) return value
    // Checked by the definition of the message.
    const { interfaceIndex, source } = value as PacketSource<"ipv4">
    return { interfaceIndex, source: source ?? this.#bound }
  }

  /** The socket's own value of an option that what is sent depends on, as the system has it. docs/design.md says how old it may be. */
  own(level: number, option: number): number {
    const key = level * 0x10000 + option
    const known = this.#own.get(key)
    if (known !== undefined && known.set === optionsSet) {
      if (known.call === this.#call) return known.value
      if (known.left > 0) {
        known.left--
        known.call = this.#call
        return known.value
      }
    }
    const read = this.#read(level, option)
    // The call that sends fails as this one did, and its error is the program's.
    const value = typeof read === "number" ? read : 0
    if (known === undefined) {
      this.#own.set(key, { value, same: 1, left: 0, call: this.#call, set: optionsSet })
      return value
    }
    known.same = known.value === value ? known.same + 1 : 1
    known.value = value
    known.call = this.#call
    known.set = optionsSet
    if (known.same >= sameReads) {
      known.left = callsPerRead - 1
      void this.#untilRunEnds()
    }
    return value
  }

  /** A call that sends begins: whoever has the descriptor may have set an option since the last one. */
  forget(): void {
    this.#call++
  }

  /** Another thread or process that sets an option can tell this one of it only when the synchronous run has ended. */
  async #untilRunEnds(): Promise<void> {
    if (this.#runs) return
    this.#runs = true
    await Promise.resolve()
    this.#runs = false
    for (const own of this.#own.values()) {
      // A run of one call gains nothing: it is not waited for again until as many more have read the same.
      if (own.left === callsPerRead - 1) own.same = 0
      own.left = 0
    }
  }

  /** Whether the socket's own values can be read. */
  readOwn(): Fault | undefined {
    for (const { format } of this.plan.sendEntries)
      for (const own of [format.shared, format.mustMatchOption]) {
        const value = own === undefined ? 0 : this.#read(own.level, own.option)
        if (isFault(value)) return value
      }
    return undefined
  }

  #read(level: number, option: number): number | Fault {
    this.#into.fill(0)
    const length = this.native.getOption(level, option, this.#into)
    if (!isFault(length)) return this.#view.getUint32(0, true)
    // Wine: the class of IPv6 is no option there (WSAENOPROTOOPT); nor is the bound interface before Linux 5.0. What cannot be set is 0.
    return /^(WSA)?ENOPROTOOPT$/.test(length.code) ? 0 : length
  }
}

/** What a program hands over, of whatever value: the types are those of the socket's interface. */
type Any<A> = SocketOption<A, Family, unknown>

/** A socket that may be closed by now. */
interface Open {
  readonly closed: boolean
  readonly live: Live
}

/** Sets an option. Returns the error if it was not set. */
export const setOption = <A>(core: Open, option: Any<A>, value: A): DatagramOptionError | undefined => {
  const wrong = validateOption(option)
  if (wrong !== undefined) return wrong
  if (core.closed) return optionClosed(option.name)
  const { native, plan } = core.live
  const encoded = encode(option, value, plan.abi.platform, plan.family)
  if ("invalid" in encoded) return invalidOption(option.name, encoded.invalid, "InvalidArgument")
  if ("unsupported" in encoded)
    return invalidOption(option.name, `${encoded.unsupported}. ${leaveItOut}`, "Unsupported")
  // Its codec may have closed the socket.
  if (core.closed) return optionClosed(option.name)
  optionsSet++
  for (const { level, option: number, privilege, value: bytes } of encoded) {
    const refused = native.setOption(level, number, bytes)
    if (refused !== undefined) return optionError(refused, option.name, privilege)
  }
  return undefined
}

/**
 * The value of an option, of any type, or the error if it was not got.
 *
 * @category sockets
 * @since 0.1.0
 */
export type OptionValue<A> = { readonly value: A } | { readonly error: DatagramOptionError }

/** Gets the value of an option. */
export const getOption = <A>(core: Open, option: Any<A>): OptionValue<A> => {
  const wrong = validateOption(option)
  if (wrong !== undefined) return { error: wrong }
  if (core.closed) return { error: optionClosed(option.name) }
  const { native, plan } = core.live
  const refused = (why: string, reason: "InvalidArgument" | "Unsupported") => ({
    error: invalidOption(option.name, why, reason, "getsockopt")
  })
  const asked = attempt(() => readable(option, plan))
  if ("thrown" in asked)
    return refused(`its definition cannot be read (${asked.thrown}): correct it`, "InvalidArgument")
  const { got } = asked
  if ("why" in got) return refused(got.why, "Unsupported")
  // Its definition may have closed the socket.
  if (core.closed) return { error: optionClosed(option.name) }
  const { into, minimum, row } = got
  const length = native.getOption(row.level, row.option, into)
  if (isFault(length)) return { error: optionError(length, option.name, row.privilege) }
  const read =
    length < minimum || length > into.length
      ? { got: { malformed: `a value of ${length} bytes`, offset: 0 } }
      : attempt(() => row.codec.read(new DataView(into.buffer), 0, length))
  const value = "thrown" in read ? { malformed: `its definition throws ${read.thrown}`, offset: 0 } : read.got
  return Codec.isMalformed(value) ? { error: unknownValue(option.name, value.malformed) } : { value }
}

/** The row that an option is read by, and memory for its value; or why the system does not return it. */
const readable = <A>(option: Any<A>, plan: Plan) => {
  const rows = rowsOf(option, plan.abi.platform, plan.family)
  if (isUnsupported(rows)) return { why: `${rows.unsupported}. ${leaveItOut}` }
  // On a dual socket IPv6's, where that is told.
  const row = rows.find(({ writeOnly }) => writeOnly === undefined)
  if (row === undefined) return { why: `${rows.map(({ writeOnly }) => writeOnly).join("; ")}. Keep what was set` }
  const { maximum, minimum } = sizeOf(row.codec)
  return { row, minimum, into: new Uint8Array(maximum) }
}

/** Why an argument is no option, as `SocketOption.define` makes them. */
const validateOption = (option: unknown): DatagramOptionError | undefined => {
  try {
    const { cell, name } = option as { readonly cell: unknown; readonly name: unknown }
    if (typeof cell === "function" && typeof name === "string") return undefined
  } catch {
    // A proxy that throws, or no object.
  }
  return invalidOption(
    "option",
    `${Codec.format(option)} is not a socket option: give one of SocketOption`,
    "InvalidArgument"
  )
}

/** The result of a definition's function, or a text of its exception. */
const attempt = <A>(f: () => A): { readonly got: A } | { readonly thrown: string } => {
  try {
    return { got: f() }
  } catch (cause) {
    return { thrown: Codec.format(cause) }
  }
}

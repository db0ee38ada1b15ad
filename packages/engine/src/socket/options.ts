/** Options of an open socket, and the values of them that are needed to send datagrams. */
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
import { oncePerPlan } from "../plan/memoize.ts"
import type { Plan } from "../plan/Plan.ts"
import { InterfaceTable } from "../driver/interfaceTable.ts"

/** Number of reads in a row with the same value after which a read is valid for several calls. */
const sameReads = 16
/**
 * Number of calls for which one read is valid, within one synchronous run of the program. `sendAll` sends as many datagrams with one call.
 */
const callsPerRead = 64

/** Number of times that this module has set an option of any socket, because two sockets may share one. */
let optionsSet = 0

/** The value of an option that was just read. It is used before another one is read. */
const into = new Uint8Array(4)
const intoView = new DataView(into.buffer)

/** A cached value of a socket option. */
interface Own {
  value: number
  /** Number of reads in a row that returned it. */
  same: number
  /** Number of calls that may still use it, and the last call that did. */
  left: number
  call: number
  set: number
}

/** The options of a plan whose values are needed to send datagrams. */
const ownOf = oncePerPlan(({ sendEntries }) =>
  sendEntries.flatMap(({ format }) => [format.shared, format.mustMatchOption].filter((own) => own !== undefined))
)

export class Live {
  readonly plan: Plan
  readonly native: NativeSocket
  /** Level and option in one number are the key. */
  #own: Map<number, Own> | undefined
  #call = 0
  /** True while the end of the synchronous run is awaited. */
  #runs = false

  #interfaces: InterfaceTable | undefined
  #list: Driver["interfaces"]

  /** The IPv4 address that the socket is bound to, unless it is bound to all addresses. */
  #bound: Ipv4Address | undefined

  constructor(plan: Plan, native: NativeSocket, interfaces: Driver["interfaces"], local: Endpoint<Family>) {
    this.plan = plan
    this.native = native
    this.#list = interfaces
    const { address } = local as { readonly address?: unknown }
    this.#bound = address instanceof Ipv4Address && !address.isUnspecified ? address : undefined
  }

  get interfaces(): InterfaceTable {
    return (this.#interfaces ??= new InterfaceTable(this.#list))
  }

  /** Linux: `ipi_spec_dst` 0 replaces the address that the socket is bound to, and the route decides (`ip_cmsg_send`). IPv6 keeps it. */
  complete(value: unknown): unknown {
    if (this.plan.abi.platform === "winsock") return this.interfaces.complete(value)
    if (this.#bound === undefined) return value
    // The definition of the message has validated it.
    const { interfaceIndex, source } = value as PacketSource<"ipv4">
    return { interfaceIndex, source: source ?? this.#bound }
  }

  /** Returns the system's value of an option that is needed to send a datagram. docs/design.md has its maximum age. */
  own(level: number, option: number): number {
    const key = level * 0x10000 + option
    const known = this.#own?.get(key)
    if (known !== undefined && known.set === optionsSet) {
      if (known.call === this.#call) return known.value
      if (known.left > 0) {
        known.left--
        known.call = this.#call
        return known.value
      }
    }
    const read = this.#read(level, option)
    // The send call fails in the same way, and the program gets its error.
    const value = typeof read === "number" ? read : 0
    if (known === undefined) {
      this.#own ??= new Map()
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

  /** Starts a call that sends. Another owner of the descriptor may have set an option since the last call. */
  forget(): void {
    this.#call++
  }

  /** Another thread or process can report a changed option to this one only after the synchronous run has ended. */
  async #untilRunEnds(): Promise<void> {
    if (this.#runs) return
    this.#runs = true
    await Promise.resolve()
    this.#runs = false
    for (const own of this.#own?.values() ?? []) {
      // A run of one call gains nothing. The end of a run is awaited again only after as many more calls have read the same value.
      if (own.left === callsPerRead - 1) own.same = 0
      own.left = 0
    }
  }

  /** Returns a fault if the socket's own values cannot be read. */
  readOwn(): Fault | undefined {
    for (const { level, option } of ownOf(this.plan)) {
      const value = this.#read(level, option)
      if (isFault(value)) return value
    }
    return undefined
  }

  #read(level: number, option: number): number | Fault {
    into.fill(0)
    const length = this.native.getOption(level, option, into)
    if (!isFault(length)) return intoView.getUint32(0, true)
    // Wine: IPv6 has no option for the class (WSAENOPROTOOPT). Linux before 5.0 has none for the bound interface. A value that cannot be
    // set is 0.
    return /^(WSA)?ENOPROTOOPT$/.test(length.code) ? 0 : length
  }
}

/** An option of a program with a value of any type. The socket's interface has the exact types. */
type Any<A> = SocketOption<A, Family, unknown>

/** A socket that may be closed. */
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
  // The option's codec may have closed the socket.
  if (core.closed) return optionClosed(option.name)
  optionsSet++
  for (const { level, option: number, privilege, value: bytes } of encoded) {
    const refused = native.setOption(level, number, bytes)
    if (refused !== undefined) return optionError(refused, option.name, privilege)
  }
  return undefined
}

/**
 * The value of an option, of any type, or the error if it could not be read.
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
  // The option's definition may have closed the socket.
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

/** Returns the row for reading an option, and memory for its value, or the reason why the system does not return it. */
const readable = <A>(option: Any<A>, plan: Plan) => {
  const rows = rowsOf(option, plan.abi.platform, plan.family)
  if (isUnsupported(rows)) return { why: `${rows.unsupported}. ${leaveItOut}` }
  // On a dual socket IPv6's row, if it can be read.
  const row = rows.find(({ writeOnly }) => writeOnly === undefined)
  if (row === undefined) return { why: `${rows.map(({ writeOnly }) => writeOnly).join("; ")}. Keep what was set` }
  const { maximum, minimum } = sizeOf(row.codec)
  return { row, minimum, into: new Uint8Array(maximum) }
}

/** Returns the error if an argument is not an option of `SocketOption.define`. */
const validateOption = (option: unknown): DatagramOptionError | undefined => {
  try {
    const { cell, name } = option as { readonly cell: unknown; readonly name: unknown }
    if (typeof cell === "function" && typeof name === "string") return undefined
  } catch {
    // The argument is a proxy that throws, or not an object.
  }
  return invalidOption(
    "option",
    `${Codec.format(option)} is not a socket option: give one of SocketOption`,
    "InvalidArgument"
  )
}

/** The result of a definition's function, or the text of its exception. */
const attempt = <A>(f: () => A): { readonly got: A } | { readonly thrown: string } => {
  try {
    return { got: f() }
  } catch (cause) {
    return { thrown: Codec.format(cause) }
  }
}

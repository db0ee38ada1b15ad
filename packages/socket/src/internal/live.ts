/**
 * What an open socket is set to: its options, and the values of them that what is sent depends on.
 */
import { Codec, type Endpoint, type Family, Ipv4Address, isAbsence, type PacketSource } from "@ancillary/control"
import { Effect } from "effect"
import {
  type DatagramOptionError,
  invalidOption,
  leaveItOut,
  optionClosed,
  optionError,
  unknownValue
} from "../DatagramOptionError.ts"
import { type Driver, type Fault, isFault, type NativeSocket } from "../Driver.ts"
import { encode, rowsOf, sizeOf, type SocketOption } from "../option/definition.ts"
import type { Plan } from "../Plan.ts"
import { InterfaceTable } from "./interfaceTable.ts"

export class Live {
  readonly plan: Plan
  readonly native: NativeSocket
  /** By level and option in one number: read since `forget`. */
  #own = new Map<number, number>()
  #into = new Uint8Array(4)
  #view = new DataView(this.#into.buffer)

  readonly interfaces: InterfaceTable

  /** The IPv4 address that the socket is bound to, unless it is bound to all of them. */
  #bound: Ipv4Address | undefined

  constructor(plan: Plan, native: NativeSocket, interfaces: Driver["interfaces"], local: Endpoint<Family>) {
    this.plan = plan
    this.native = native
    this.interfaces = new InterfaceTable(interfaces)
    const { address } = local as { readonly address?: unknown }
    this.#bound = address instanceof Ipv4Address && !address.isAny ? address : undefined
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

  /** The socket's own value of an option that what is sent depends on, as the system has it. */
  own(level: number, option: number): number {
    const key = level * 0x10000 + option
    const known = this.#own.get(key)
    if (known !== undefined) return known
    const value = this.#read(level, option)
    // The call that sends fails as this one did, and its error is the program's.
    const own = typeof value === "number" ? value : 0
    this.#own.set(key, own)
    return own
  }

  /** Before datagrams are filled: whoever has the descriptor may have set an option meanwhile. */
  forget(): void {
    if (this.#own.size > 0) this.#own.clear()
  }

  /** Whether the socket's own values can be read. */
  readOwn(): Fault | undefined {
    for (const { departure } of this.plan.departures)
      for (const own of [departure.shared, departure.agrees]) {
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

export const setOption = <A>(core: Open, option: Any<A>, value: A): Effect.Effect<void, DatagramOptionError> =>
  Effect.suspend(() => {
    const wrong = refuseOption(option)
    if (wrong !== undefined) return Effect.fail(wrong)
    if (core.closed) return Effect.fail(optionClosed(option.name))
    const { native, plan } = core.live
    const encoded = encode(option, value, plan.abi.platform, plan.family)
    if ("invalid" in encoded) return Effect.fail(invalidOption(option.name, encoded.invalid, "InvalidArgument"))
    if ("absent" in encoded)
      return Effect.fail(invalidOption(option.name, `${encoded.absent}. ${leaveItOut}`, "Unsupported"))
    // Its codec may have ended the socket's scope.
    if (core.closed) return Effect.fail(optionClosed(option.name))
    for (const { level, option: number, privilege, value: bytes } of encoded) {
      const refused = native.setOption(level, number, bytes)
      if (refused !== undefined) return Effect.fail(optionError(refused, option.name, privilege))
    }
    return Effect.void
  })

export const getOption = <A>(core: Open, option: Any<A>): Effect.Effect<A, DatagramOptionError> =>
  Effect.suspend(() => {
    const wrong = refuseOption(option)
    if (wrong !== undefined) return Effect.fail(wrong)
    if (core.closed) return Effect.fail(optionClosed(option.name))
    const { native, plan } = core.live
    const unsupported = (why: string) => Effect.fail(invalidOption(option.name, why, "Unsupported", "getsockopt"))
    const rows = rowsOf(option, plan.abi.platform, plan.family)
    if (isAbsence(rows)) return unsupported(`${rows.absent}. ${leaveItOut}`)
    // On a dual socket IPv6's, where that is told.
    const row = rows.find(({ untold }) => untold === undefined)
    if (row === undefined) return unsupported(`${rows.map(({ untold }) => untold).join("; ")}. Keep what was set`)
    const { maximum, minimum } = sizeOf(row.codec)
    const into = new Uint8Array(maximum)
    const length = native.getOption(row.level, row.option, into)
    if (isFault(length)) return Effect.fail(optionError(length, option.name, row.privilege))
    const value =
      length < minimum || length > maximum
        ? { malformed: `a value of ${length} bytes`, offset: 0 }
        : read(() => row.codec.read(new DataView(into.buffer), 0, length))
    return Codec.isMalformed(value) ? Effect.fail(unknownValue(option.name, value.malformed)) : Effect.succeed(value)
  })

/** Why an argument is no option, as `SocketOption.define` makes them. */
const refuseOption = (option: unknown): DatagramOptionError | undefined => {
  try {
    const { cell, name } = option as { readonly cell: unknown; readonly name: unknown }
    if (typeof cell === "function" && typeof name === "string") return undefined
  } catch {
    // A proxy that throws, or no object.
  }
  return invalidOption(
    "option",
    `${Codec.shown(option)} is not a socket option: give one of SocketOption`,
    "InvalidArgument"
  )
}

/** What a definition reads, or what it throws. */
const read = <A>(f: () => A | Codec.Malformed): A | Codec.Malformed => {
  try {
    return f()
  } catch (cause) {
    return { malformed: `its definition throws ${Codec.shown(cause)}`, offset: 0 }
  }
}

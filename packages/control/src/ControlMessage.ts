/**
 * Control messages: as types, which a spec is made of, and as definitions, which say how each platform does them.
 *
 * A message is an interface that extends `ControlMessage` and says, as fields under its key, what is read and what may be sent. A definition
 * (`define`) holds, for every platform and family, the row that makes it true or the reason why there is none. Every message that comes with
 * this library is made the same way.
 *
 * @since 0.1.0
 */
import type { Platform } from "./Abi.ts"
import { type Codec, type Malformed, format } from "./Codec.ts"
import type { Family } from "./Endpoint.ts"
import { receiveFormats, check } from "./internal/definition.ts"

/**
 * How sure the kernel is: in every datagram; perhaps; any number of times. The reader gets the bare value, an `Option`, an array.
 *
 * @category models
 * @since 0.1.0
 */
export type Presence = "required" | "optional" | "repeated"

/**
 * One control message, as a type. A spec's type is a union of these.
 *
 * **Details**
 *
 * The docstrings of the fields of `received` are what an editor shows at `datagram.control.hopLimit`. Where a value depends on the family,
 * `this["family"]["is"]` is the family at hand; where the needs depend on the direction, `this["direction"]` is what is declared.
 *
 * @example
 * ```ts
 * import type { ControlMessage } from "@ancillary/control"
 *
 * interface Mark extends ControlMessage<"mark", "ipv4" | "ipv6" | "dual", "optional"> {
 *   readonly received: {
 *     // The packet's mark, as firewall rules set it.
 *     readonly mark: number
 *   }
 *   readonly sendable: { readonly mark?: number | undefined }
 * }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlMessage<
  Key extends string,
  Families extends Family,
  Present extends Presence = "required",
  Needs = never
> {
  readonly key: Key
  readonly families: Families
  // Wrapped: two different bare literals would make the intersection of a message with its family vanish.
  readonly family: { readonly is: Family }
  readonly presence: Present
  readonly direction: "receive" | "send"
  readonly needs: (_: never) => Needs
  readonly received: {}
  readonly sendable: {}
  // What an event of the socket is made of, for a message that comes with no datagram.
  readonly event: unknown
}

/**
 * What follows from the type of a message.
 *
 * @since 0.1.0
 */
export declare namespace ControlMessage {
  /**
   * Any message, whatever it carries: the bound of code about messages.
   *
   * @category models
   * @since 0.1.0
   */
  export type Any = ControlMessage<string, Family, Presence, unknown>
  /**
   * What the message needs of the platform: `Capability`s, or nothing where every platform has it.
   *
   * @category models
   * @since 0.1.0
   */
  export type Needs<M extends Any> = M["needs"] extends (_: never) => infer N ? N : never
  /**
   * The fields that a datagram of family `F` brings.
   *
   * @category models
   * @since 0.1.0
   */
  export type Received<M extends Any, F extends Family> = (M & { readonly family: { readonly is: F } })["received"]
  /**
   * The fields that may go with a datagram of family `F`.
   *
   * @category models
   * @since 0.1.0
   */
  export type Sendable<M extends Any, F extends Family> = (M & { readonly family: { readonly is: F } })["sendable"]
}

/**
 * Asked for where the platform has it: read as an `Option`, and nothing is needed of the platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface Optional<M extends ControlMessage.Any> extends ControlMessage<
  M["key"],
  M["families"],
  M["presence"] extends "repeated" ? "repeated" : "optional"
> {
  readonly received: ControlMessage.Received<M, this["family"]["is"]>
  readonly sendable: ControlMessage.Sendable<M, this["family"]["is"]>
}

/**
 * Only read: nothing can be sent with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReceiveOnly<M extends ControlMessage.Any> extends ControlMessage<
  M["key"],
  M["families"],
  M["presence"],
  ControlMessage.Needs<M & { readonly direction: "receive" }>
> {
  readonly direction: "receive"
  readonly received: ControlMessage.Received<M, this["family"]["is"]>
  readonly sendable: ControlMessage.Sendable<M, this["family"]["is"]>
}

/**
 * Only sent: no option is switched on for receiving.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendOnly<M extends ControlMessage.Any> extends ControlMessage<
  M["key"],
  M["families"],
  M["presence"],
  ControlMessage.Needs<M & { readonly direction: "send" }>
> {
  readonly direction: "send"
  readonly received: ControlMessage.Received<M, this["family"]["is"]>
  readonly sendable: ControlMessage.Sendable<M, this["family"]["is"]>
}

/**
 * What not every platform has stands in the requirements of `bind` under its own name, so that a missing one reads
 * `'Capability<"originalArrivalInterface">' is not assignable to type 'never'`. The layers of platforms that have it provide it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capability<out Name extends string> {
  readonly _: "Capability"
  readonly name: Name
}

/**
 * What asks the kernel for a message: a socket option, or an ioctl with its input. A number is a C `int`; `flags` says that its bits are
 * switches, so that messages which ask by the same option are asked for together; `privilege` is what the process may have to be granted;
 * `dispensable` marks an option that the message works without: a system that lacks it (`ENOPROTOOPT`) is no fault. `instead` is the option's
 * number on older systems: it is set at the same level to the same value if the first is refused (`ENOPROTOOPT`, `EINVAL`). `arrives` then
 * also has the type that such a system delivers.
 *
 * @category definitions
 * @since 0.1.0
 */
export type Request =
  | {
      readonly level: number
      readonly option: number
      readonly value: Uint8Array | number
      readonly flags?: true | undefined
      readonly privilege?: string | undefined
      readonly dispensable?: true | undefined
      readonly instead?: number | undefined
    }
  | { readonly ioctl: number; readonly input: Uint8Array }

/**
 * How a message is marked when it arrives, and what its payload says.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface ReceiveFormat<out Received> {
  readonly level: number
  readonly type: number
  /** `read` answers with nothing where the kernel says that it has none: as if the message had not come. */
  readonly payload: Pick<Codec<Received>, "size"> & {
    readonly read: (...payload: Parameters<Codec<Received>["read"]>) => Received | Malformed | undefined
  }
  /**
   * Set where it comes with no datagram, and is an event of the socket: by Linux's error queue, or in place of a datagram (a receive call that
   * answers with no bytes and is no datagram).
   */
  readonly event?: "errorQueue" | "pseudoDatagram" | undefined
  /** Set for an event that may also come beside a datagram, which it says nothing of: there is room for it, and nobody reads it. */
  readonly mayAccompanyDatagram?: true | undefined
  /** One payload holds several values of a repeated message (file descriptors): `read` answers with an array of them. */
  readonly multiple?: true | undefined
}

/**
 * How a message is marked when it is sent.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface SendFormat<in Sent> {
  readonly level: number
  readonly type: number
  readonly payload: Pick<Codec<Sent>, "size" | "write" | "validate">
  /**
   * For a message that is only some bits of its payload (DSCP and ECN share a byte): the kernel replaces the whole, so the bits outside `mask`
   * (the payload read as a little-endian integer) are filled in from the socket's own value, which this option holds. `whole` has the bits of all
   * messages that share the number, by default every bit: the option is not read for a datagram whose messages cover them.
   */
  readonly shared?:
    | { readonly mask: number; readonly level: number; readonly option: number; readonly whole?: number | undefined }
    | undefined
  /** What a value must agree with: the socket's own value of an option, and why the two do not go together. */
  readonly mustMatchOption?:
    | {
        readonly level: number
        readonly option: number
        readonly validate: (value: Sent, own: number) => string | undefined
        /** Whether a value can disagree at all: the option is not read for one that cannot. By default every value can. */
        readonly concerns?: ((value: Sent) => boolean) | undefined
      }
    | undefined
  /** Keys of messages that say the same in other words: refused beside this one, also where they are marked otherwise. */
  readonly excludes?: ReadonlyArray<string> | undefined
  /** What has to be set on the socket before the kernel takes it. */
  readonly request?: ReadonlyArray<Request> | undefined
  /** Written behind the others: another message sets the same thing besides its own, and of two the kernel obeys the later. */
  readonly writeLast?: true | undefined
  /** What the kernel may want of the sender (`CAP_NET_RAW`): a send that is not permitted then names this message and what to grant. */
  readonly privilege?: string | undefined
  /**
   * Codes of a failed call that speak of this message (`EBADF`, without Winsock's prefix), each with a sentence that ends with what to do: the
   * error names its field.
   */
  readonly errorHints?: { readonly [code in string]?: string } | undefined
}

/**
 * Why a platform does not have something. The error, the docs and `declined` all say this sentence.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Unsupported {
  readonly unsupported: string
}

/**
 * How one platform does a message for one family.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Row<Received, Sent> {
  /** What asks the kernel to deliver it, in order; nothing where the kernel needs no asking, or the message is only sent. */
  readonly request: ReadonlyArray<Request>
  /** Several where versions of a system differ in the type they deliver. */
  readonly receive?:
    | ReadonlyArray<ReceiveFormat<Received> | (ReceiveFormat<ReadonlyArray<Received>> & { readonly multiple: true })>
    | Unsupported
    | undefined
  readonly send?: SendFormat<Sent> | Unsupported | undefined
}

/**
 * A row, or why there is none.
 *
 * @category definitions
 * @since 0.1.0
 */
export type Cell = Row<unknown, never> | Unsupported

type Value<Fields, Key extends string> = Key extends keyof Fields ? Exclude<Fields[Key], undefined> : never
type Event<M extends ControlMessage.Any> = unknown extends M["event"] ? never : M["event"]

/**
 * The data behind a message.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Definition<M extends ControlMessage.Any> {
  readonly key: M["key"]
  readonly presence: M["presence"]
  /** Total: every platform and family says how, or why not. A missing cell does not compile. `dual` follows from the two internet families. */
  readonly table: {
    readonly [P in Platform]: {
      readonly [F in Exclude<M["families"], "dual">]:
        | Row<Value<ControlMessage.Received<M, F>, M["key"]> | Event<M>, Value<ControlMessage.Sendable<M, F>, M["key"]>>
        | Unsupported
    }
  }
}

declare const Defined: unique symbol

/**
 * A definition that was checked. Its type names the message, its value holds the rows: `HopLimit` the value is a `Message<HopLimit>`.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Message<M extends ControlMessage.Any> {
  readonly [Defined]: (_: never) => M
  readonly key: M["key"]
  readonly presence: M["presence"]
  /** The families that it is defined for; `dual` sockets use the two of the internet. */
  readonly families: ReadonlyArray<"ipv4" | "ipv6" | "unix">
  /** How it is told on the platforms that tell it: in what a datagram carries, or, as an event of the socket, with none. */
  readonly deliveredAs: "withDatagrams" | "asEvent" | "never"
  /** How the platform does this message for a family, or why it does not. */
  readonly cell: (platform: Platform, family: "ipv4" | "ipv6" | "unix") => Cell
}

/**
 * Whether a cell of a table, or one direction of a row, says why there is none.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUnsupported = (value: object | undefined): value is Unsupported =>
  value !== undefined && "unsupported" in value

/**
 * Whether a value is a message that `define` made: how the library's own are found among its exports.
 *
 * @category guards
 * @since 0.1.0
 */
export const isMessage = (value: unknown): value is Message<ControlMessage.Any> =>
  typeof value === "object" && value !== null && "presence" in value && "cell" in value

interface Read {
  readonly key: string
  readonly presence: Presence
  readonly table: { readonly [P in Platform]: { readonly [F in string]?: Cell } }
}

/**
 * Makes a message. The one way: every built-in goes through it.
 *
 * **Gotchas**
 *
 * Throws a `TypeError` for a definition that contradicts itself (it is asked for but never arrives, it arrives twice
 * under one type …): that is a mistake in a program, found when its module is loaded.
 *
 * @category definitions
 * @since 0.1.0
 */
export const define = <M extends ControlMessage.Any = never>(definition: Definition<M>): Message<M> => {
  if (typeof definition !== "object" || definition === null)
    throw new TypeError(`${format(definition)} is not the definition of a control message.`)
  const { key, presence, table }: Read = definition
  check(key, presence, table)
  const [arrival] = receiveFormats(table)
  const deliveredAs: Message<M>["deliveredAs"] =
    arrival === undefined ? "never" : arrival.event === undefined ? "withDatagrams" : "asEvent"
  const cell = (platform: Platform, family: "ipv4" | "ipv6" | "unix"): Cell =>
    table[platform][family] ?? { unsupported: `'${key}' does not exist for ${family} sockets` }
  const families: Message<M>["families"] = (["ipv4", "ipv6", "unix"] as const).filter((each) => each in table.linux)
  // The symbol is a phantom: it carries the type and is never there.
  return { key, presence, families, deliveredAs, cell } as Message<M>
}

/**
 * Control messages, as types and as definitions. A spec's type consists of the types. A definition describes the
 * implementation on each platform.
 *
 * A message is an interface that extends `ControlMessage`. Its fields, under its key, are the received and the sendable
 * values. A definition (`define`) has an entry for every platform and family: a row, or the reason why it is
 * unsupported. The messages of this library are made the same way.
 *
 * @since 0.1.0
 */
import type { Platform } from "./Abi.ts"
import { format } from "./Codec.ts"
import type { Family } from "./Endpoint.ts"
import { receiveFormats, check } from "./internal/definition.ts"
import type { Cell, Presence, Row, Unsupported } from "./MessageRow.ts"

export type * from "./MessageRow.ts"

/**
 * One control message, as a type. A spec's type is a union of these.
 *
 * **Details**
 *
 * An editor shows the docstrings of the fields of `received` at `datagram.control.hopLimit`. If a value depends on the
 * family, `this["family"]["is"]` is the current family. If the needs depend on the direction, `this["direction"]` is
 * the declared one.
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
  // Wrapped, because two different bare literals would reduce the intersection of a message with its family to never.
  readonly family: { readonly is: Family }
  readonly presence: Present
  readonly direction: "receive" | "send"
  readonly needs: (_: never) => Needs
  readonly received: {}
  readonly sendable: {}
  // The event of the socket, for a message that arrives without a datagram.
  readonly event: unknown
}

/**
 * Types that are derived from the type of a message.
 *
 * @since 0.1.0
 */
export declare namespace ControlMessage {
  /**
   * Any message, with any value: the bound of code about messages.
   *
   * @category models
   * @since 0.1.0
   */
  export type Any = ControlMessage<string, Family, Presence, unknown>
  /**
   * Needs of the message on the platform: `Capability`s, or `never` if every platform supports it.
   *
   * @category models
   * @since 0.1.0
   */
  export type Needs<M extends Any> = M["needs"] extends (_: never) => infer N ? N : never
  /**
   * Fields that a received datagram of family `F` has.
   *
   * @category models
   * @since 0.1.0
   */
  export type Received<M extends Any, F extends Family> = (M & { readonly family: { readonly is: F } })["received"]
  /**
   * Fields that can be sent with a datagram of family `F`.
   *
   * @category models
   * @since 0.1.0
   */
  export type Sendable<M extends Any, F extends Family> = (M & { readonly family: { readonly is: F } })["sendable"]
}

/**
 * Requests the message only if the platform supports it. It is read as an `Option`, and needs no capability.
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
 * Declares a message only for receiving, so it cannot be sent.
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
 * Declares a message only for sending, so its receive option is not set.
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
 * Name of a feature that some platforms lack. It appears in the requirements of `bind`, so that the error for a missing
 * one is `'Capability<"originalArrivalInterface">' is not assignable to type 'never'`. The layers of platforms that
 * support the feature provide it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Capability<out Name extends string> {
  readonly _: "Capability"
  readonly name: Name
}

type Value<Fields, Key extends string> = Key extends keyof Fields ? Exclude<Fields[Key], undefined> : never
type Event<M extends ControlMessage.Any> = unknown extends M["event"] ? never : M["event"]

/**
 * Data of a message.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Definition<M extends ControlMessage.Any> {
  readonly key: M["key"]
  readonly presence: M["presence"]
  /** Total: a missing cell (a row or a reason) does not compile. `dual` follows from the two internet families. */
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
 * A validated definition. Its type names the message, and its value holds the rows: the value `HopLimit` is a
 * `Message<HopLimit>`.
 *
 * @category definitions
 * @since 0.1.0
 */
export interface Message<M extends ControlMessage.Any> {
  readonly [Defined]: (_: never) => M
  readonly key: M["key"]
  readonly presence: M["presence"]
  /** The families that it is defined for; `dual` sockets use the two internet families. */
  readonly families: ReadonlyArray<"ipv4" | "ipv6" | "unix">
  /** Delivery on the platforms that support it: with datagrams, or without one as an event of the socket. */
  readonly deliveredAs: "withDatagrams" | "asEvent" | "never"
  /** Returns the row of the platform and the family, or the reason why it is unsupported. */
  readonly cell: (platform: Platform, family: "ipv4" | "ipv6" | "unix") => Cell
}

/**
 * Returns true if a cell of a table, or one direction of a row, is a reason.
 *
 * @category guards
 * @since 0.1.0
 */
export const isUnsupported = (value: object | undefined): value is Unsupported =>
  value !== undefined && "unsupported" in value

/**
 * Returns true for a message that `define` made. It finds the library's own messages among its exports.
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
 * Makes a message. All messages of this library are made with it.
 *
 * **Gotchas**
 *
 * Throws a `TypeError` for a definition that contradicts itself. For example, it is requested but never arrives, or two
 * formats have one type. That is a mistake in a program, found when its module is loaded.
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
  // The symbol is a phantom: only the type has it.
  return { key, presence, families, deliveredAs, cell } as Message<M>
}

/**
 * Description of a socket as a value: its family, the control messages that it declares, the options that it sets.
 *
 * A spec's type is the union of the messages that it declares. Order therefore does not matter, and two specs that declare the same
 * messages have the same type. A hover is as long as the names. A spec has no effect until it is bound.
 *
 * @since 0.1.0
 */
import {
  type Capability,
  type Coalescing,
  Codec,
  type ControlMessage,
  type Family,
  type Internet,
  type Message,
  type Optional,
  type Presence,
  type ReceiveOnly,
  type SendOnly
} from "@ancillary/control"
import type { SocketKind } from "../driver/Driver.ts"
import { record, written } from "./formatCall.ts"
import type { Maybe, MaybeKind } from "./Maybe.ts"
import type { OptionValue } from "./option/definition.ts"
import { passThrough, type Pipeable } from "./pipe.ts"

/**
 * Marks a spec, and carries its type parameters.
 *
 * @category symbols
 * @since 0.1.0
 */
export const TypeId: unique symbol = Symbol.for("@ancillary/engine/spec/Spec")

/**
 * The type of the symbol that marks a spec.
 *
 * @category symbols
 * @since 0.1.0
 */
export type TypeId = typeof TypeId

// Keeps the docstrings of the fields. A map over `keyof` keeps them, a map with new keys does not.
type Presented<P extends Presence, Fields, Kind extends MaybeKind> = {
  readonly [K in keyof Fields]: P extends "required"
    ? Fields[K]
    : P extends "optional"
      ? Maybe<Kind, Fields[K]>
      : ReadonlyArray<Fields[K]>
}

/**
 * The record of the control messages that a datagram carries, derived from the declared messages. A message that the kernel delivers with
 * every datagram is its bare value. A message that may be missing has the shape of `Kind`, and a repeated one is an array.
 *
 * @category models
 * @since 0.1.0
 */
export type Control<F extends Family, D extends ControlMessage.Any, Kind extends MaybeKind> = (
  D extends { readonly direction: "send" }
    ? (_: {}) => void
    : D extends unknown
      ? (_: Presented<D["presence"], ControlMessage.Received<D, F>, Kind>) => void
      : never
) extends (_: infer All) => void
  ? { readonly [K in keyof All]: All[K] }
  : never

/**
 * The record of the control messages that a program may send with a datagram.
 *
 * @category models
 * @since 0.1.0
 */
export type SendControl<F extends Family, D extends ControlMessage.Any> = (
  D extends { readonly direction: "receive" }
    ? (_: {}) => void
    : D extends unknown
      ? (_: ControlMessage.Sendable<D, F>) => void
      : never
) extends (_: infer All) => void
  ? { readonly [K in keyof All]: All[K] }
  : never

/**
 * A message as a spec declares it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declaration {
  readonly message: Message<ControlMessage.Any>
  /** Source text of the combinator: `withHopLimit()`. */
  readonly feature: string
  readonly direction: "both" | "receive" | "send"
  /** True if the message is declined on a platform that lacks it, instead of failing. */
  readonly optional: boolean
  /** Bytes of payload to make room for, all occurrences of a repeated message together. If absent, the limit of the definition applies. */
  readonly maximumBytes: number | undefined
  /** Reason why the declaration is invalid. `bind` fails with it. */
  readonly invalid?: string | undefined
}

/**
 * Policy for a datagram that is larger than its slot: a fault, a truncated payload, or a counted drop.
 *
 * @category models
 * @since 0.1.0
 */
export type Truncation = "fail" | "deliver" | "drop"

/**
 * Policy for a full send buffer: wait, fail the send, or count and drop the datagram.
 *
 * @category models
 * @since 0.1.0
 */
export type Backpressure = "wait" | "fail" | "drop"

/**
 * Data of a spec, without its type parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecData {
  readonly family: Family
  /** Protocol of the socket. `icmp` is unprivileged ping. */
  readonly protocol: SocketKind["protocol"]
  readonly declarations: ReadonlyArray<Declaration>
  readonly optionValues: ReadonlyArray<OptionValue>
  /** Size of the largest payload to receive and to send, in bytes. If absent, it is the largest size that exists. */
  readonly maximumDatagramSize: number | undefined
  readonly truncation: Truncation
  readonly backpressure: Backpressure
  /** Sizes of the parts that a payload is split into, in bytes. If absent, payloads are not split. */
  readonly scatter: ReadonlyArray<number> | undefined
  /** True if payloads that the kernel merged are split again. */
  readonly splitCoalesced: boolean
}

/**
 * Description of a socket, which programs share and compose with `pipe`.
 *
 * `R` is the set of capabilities that its options require. The capabilities for its messages follow from `D` and appear at `bind`.
 *
 * A spec that is chosen at run time (`v6 ? Datagram.ipv6 : Datagram.ipv4`) is a `Spec<"ipv4" | "ipv6", …>`. It accepts the combinators that
 * both families have. Its socket fails a send to an address of the other family with `InvalidArgument`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Spec<F extends Family, D extends ControlMessage.Any, R = never> extends SpecData, Pipeable {
  readonly [TypeId]: {
    readonly family: (_: never) => F
    readonly declared: (_: D) => D
    readonly needs: (_: never) => R
  }
  readonly family: F
}

/**
 * Types that are derived from the type of a spec.
 *
 * @since 0.1.0
 */
export declare namespace Spec {
  /**
   * Any spec, whatever messages it declares.
   *
   * @category models
   * @since 0.1.0
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- a spec is invariant: nothing else stands for every one of them
  export type Any = Spec<any, any, any>
  /**
   * The family that a spec is written for.
   *
   * @category models
   * @since 0.1.0
   */
  export type Family<S> = S extends Spec<infer F, infer _D, infer _R> ? F : never
  /**
   * The union of the messages that a spec declares.
   *
   * @category models
   * @since 0.1.0
   */
  export type Declared<S> = S extends Spec<infer _F, infer D, infer _R> ? D : never
  /**
   * The record that its datagrams carry.
   *
   * @category models
   * @since 0.1.0
   */
  export type Received<S, Kind extends MaybeKind> =
    S extends Spec<infer F, infer D, infer _R> ? Control<F, D, Kind> : never
  /**
   * The record that a program may send with a datagram.
   *
   * @category models
   * @since 0.1.0
   */
  export type Sendable<S> = S extends Spec<infer F, infer D, infer _R> ? SendControl<F, D> : never
  /**
   * Capabilities of the platform that its options and its messages require.
   *
   * @category models
   * @since 0.1.0
   */
  export type Needs<S> = S extends Spec<infer _F, infer D, infer R> ? R | NeedsAll<D> : never
}

/**
 * Capabilities of the platform that a union of messages requires.
 *
 * @category models
 * @since 0.1.0
 */
export type NeedsAll<D extends ControlMessage.Any> = D extends unknown ? ControlMessage.Needs<D> : never

/**
 * `unknown` if the messages `M` may be declared, on any family except those of `Except`. Otherwise it is the sentence that the compiler
 * shows.
 */
type CanDeclare<
  M extends ControlMessage.Any,
  F extends Family,
  D extends ControlMessage.Any,
  Except extends Family = never
> = [DeclareError<M, F, D>] extends [never] ? SupportsFamily<F, Exclude<Family, Except>> : DeclareError<M, F, D>
type DeclareError<M extends ControlMessage.Any, F extends Family, D extends ControlMessage.Any> = M extends unknown
  ? M["key"] extends D["key"]
    ? `'${M["key"]}' is already declared by this spec`
    : F extends M["families"]
      ? never
      : `'${M["key"]}' does not exist for ${F} sockets`
  : never

/**
 * `unknown` if a family supports a combinator for the families `For`. Otherwise it is the sentence that the compiler shows.
 *
 * @category models
 * @since 0.1.0
 */
export type SupportsFamily<F extends Family, For extends Family> = [F] extends [For]
  ? unknown
  : `this option does not exist for ${Exclude<F, For>} sockets`

/**
 * A combinator that declares message `M`.
 *
 * @category combinators
 * @since 0.1.0
 */
export interface With<M extends ControlMessage.Any> {
  <F extends Family, D extends ControlMessage.Any, R>(self: Spec<F, D, R> & CanDeclare<M, F, D>): Spec<F, D | M, R>
  /** A phantom that carries `M`. */
  readonly message: M
  readonly parts: ReadonlyArray<Part>
}

/**
 * A combinator that sets an option. If an option is set twice, the last value applies.
 *
 * @category combinators
 * @since 0.1.0
 */
export interface Configure<For extends Family = Family, Needs = never> {
  <F extends Family, D extends ControlMessage.Any, R>(
    self: Spec<F, D, R> & SupportsFamily<F, For>
  ): Spec<F, D, R | Needs>
  /** A phantom that carries the families and the needs. */
  readonly option: { readonly families: For; readonly needs: (_: never) => Needs }
  readonly parts: ReadonlyArray<Part>
}

/**
 * A combinator that `combine` made of several. `Except` are the families that lack one of its options.
 *
 * @category combinators
 * @since 0.1.0
 */
export interface Combined<M extends ControlMessage.Any, Needs = never, Except extends Family = never> {
  <F extends Family, D extends ControlMessage.Any, R>(
    self: Spec<F, D, R> & CanDeclare<M, F, D, Except>
  ): Spec<F, D | M, R | Needs>
}

/**
 * Options of a message that can be received and sent. `only` restricts it to one direction.
 *
 * @category combinators
 * @since 0.1.0
 */
export interface Directed<M extends ControlMessage.Any> {
  (): With<M>
  (options: { readonly only: "receive" }): With<ReceiveOnly<M>>
  (options: { readonly only: "send" }): With<SendOnly<M>>
}

/** An addition that a combinator makes to a spec. */
type Part =
  | { readonly declare: Declaration }
  | { readonly set: OptionValue }
  | { readonly limit: number }
  | { readonly truncation: Truncation }
  | { readonly backpressure: Backpressure }
  | { readonly scatter: ReadonlyArray<number> }
  | { readonly splits: true }

// oxlint-disable-next-line typescript/no-explicit-any -- stands for every message, need and family; `infer` gets them back
type AnyPart = With<any> | Configure<any, any>
type MessagesOf<P> = P extends With<infer M> ? M : never
type NeedsOf<P> = P extends With<infer _M> ? never : P extends Configure<infer _F, infer N> ? N : never
type UnsupportedFamilies<P> = P extends Configure<infer For, infer _N> ? Exclude<Family, For> : never
type NoDuplicates<Parts extends ReadonlyArray<unknown>, Seen = never> = Parts extends readonly [
  infer Head,
  ...infer Rest
]
  ? MessagesOf<Head>["key"] & Seen extends never
    ? NoDuplicates<Rest, Seen | MessagesOf<Head>["key"]>
    : `'${MessagesOf<Head>["key"]}' is declared twice`
  : unknown

const Proto = {
  pipe(...functions: ReadonlyArray<(value: unknown) => unknown>): unknown {
    return passThrough(this, functions)
  }
}

const variance = { family: (_: unknown) => _, declared: (_: unknown) => _, needs: (_: never) => _ }
const makeSpec = (recipe: SpecData): SpecData =>
  Object.assign<object, SpecData, object>(Object.create(Proto) as object, recipe, { [TypeId]: variance })

/**
 * An empty spec, from which all others are made.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <F extends Family>(family: F, protocol?: "icmp"): Spec<F, never> =>
  // The type parameters are phantoms, so the value has only plain fields.
  makeSpec({
    family,
    protocol: protocol ?? (family === "unix" ? "unix" : "udp"),
    declarations: [],
    optionValues: [],
    maximumDatagramSize: undefined,
    truncation: "fail",
    backpressure: "wait",
    scatter: undefined,
    splitCoalesced: false
  }) as Spec<F, never>

const apply = (self: SpecData, part: Part): SpecData => {
  if ("declare" in part) {
    const { key } = part.declare.message
    // The types also refuse this. The check is for programs without types.
    if (self.declarations.some(({ message }) => message.key === key))
      throw new TypeError(`'${key}' is already declared by this spec`)
    return { ...self, declarations: [...self.declarations, part.declare] }
  }
  if ("set" in part) {
    const others = self.optionValues.filter(({ name }) => name !== part.set.name)
    return { ...self, optionValues: [...others, part.set] }
  }
  if ("scatter" in part) {
    if (self.scatter !== undefined) throw new TypeError("'parts' is already declared by this spec")
    return { ...self, scatter: part.scatter }
  }
  if ("splits" in part) return { ...self, splitCoalesced: true }
  if ("backpressure" in part) return { ...self, backpressure: part.backpressure }
  return "limit" in part ? { ...self, maximumDatagramSize: part.limit } : { ...self, truncation: part.truncation }
}

const isList = (parts: unknown): parts is ReadonlyArray<Part> => Array.isArray(parts)

/** Returns the parts of a combinator. Throws if the value is not a combinator. */
const partsOf = (name: string, given: { readonly parts: ReadonlyArray<Part> }): ReadonlyArray<Part> => {
  const { parts } = record(name, given)
  if (!isList(parts))
    throw new TypeError(`${name}: ${Codec.format(given)} is not a combinator. Give one: withHopLimit().`)
  return parts
}

const combinator = (parts: ReadonlyArray<Part>) =>
  Object.assign((self: SpecData): SpecData => makeSpec(parts.reduce(apply, self)), { parts })

/**
 * A combinator that declares a message, in both directions of its definition unless `direction` restricts it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const declare = <M extends ControlMessage.Any>(
  message: Message<M>,
  feature: string,
  options?: {
    readonly direction?: "both" | "receive" | "send" | undefined
    readonly maximumBytes?: number | undefined
    readonly invalid?: string | undefined
  }
): With<M> => {
  const direction: unknown = options?.direction ?? "both"
  const isDirection = direction === "both" || direction === "receive" || direction === "send"
  return combinator([
    {
      declare: {
        message,
        feature,
        direction: isDirection ? direction : "both",
        optional: false,
        maximumBytes: options?.maximumBytes,
        invalid: isDirection
          ? options?.invalid
          : `${Codec.format(direction)} is not a direction: give "receive" or "send", or leave it out`
      }
    }
  ]) as unknown as With<M>
}

/**
 * Datagrams that the kernel merged and this library split again. They add no field to a datagram.
 *
 * @category models
 * @since 0.1.0
 */
export interface Coalesced extends ControlMessage<"coalescedSize", Internet, "optional", Capability<"coalescing">> {
  readonly received: {}
}

/**
 * Declares the message for merged payloads, and marks them to be split.
 *
 * @category constructors
 * @since 0.1.0
 */
export const splitCoalesced = (merged: With<Coalescing>): With<Coalesced> =>
  combinator([...merged.parts, { splits: true }]) as unknown as With<Coalesced>

/**
 * Sizes in bytes of the parts of a received payload.
 *
 * @category models
 * @since 0.1.0
 */
export interface Scatter<Sizes extends ReadonlyArray<number>> extends ControlMessage<"parts", Family> {
  readonly received: {
    /**
     * The payload in the parts that `withScatter` declares, as views of `data`. If the datagram is shorter than its parts, the last ones
     * are short or empty.
     */
    readonly parts: { readonly [I in keyof Sizes]: Uint8Array }
  }
}

/**
 * Splits each payload into parts of these sizes, for example a header and a body. A datagram that is longer than all parts together is
 * truncated. The parts are views of the datagram's single copy, at `control.parts`.
 *
 * @example
 * ```ts
 * import { Datagram, withScatter } from "@ancillary/effect3"
 *
 * // datagram.control.parts: readonly [Uint8Array, Uint8Array]
 * const rtp = Datagram.ipv4.pipe(withScatter(12, 1500))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withScatter = <const Sizes extends ReadonlyArray<number>>(...sizes: Sizes): Combined<Scatter<Sizes>> =>
  combinator([{ scatter: sizes }]) as unknown as Combined<Scatter<Sizes>>

/**
 * The combinator of a message that can be received and sent.
 *
 * @category constructors
 * @since 0.1.0
 */
export const directed = <M extends ControlMessage.Any>(message: Message<M>, name: string): Directed<M> =>
  ((options?: { readonly only: "receive" | "send" }) =>
    options === undefined
      ? declare(message, `${name}()`)
      : declare(message, written(name, record(name, options)), { direction: options.only })) as Directed<M>

/**
 * A combinator that sets an option, or several.
 *
 * @category constructors
 * @since 0.1.0
 */
export const configure = <For extends Family, Needs = never>(...parts: ReadonlyArray<Part>): Configure<For, Needs> =>
  combinator(parts) as unknown as Configure<For, Needs>

/**
 * Declares a message without requiring it from the platform. Its value is an `Option`. If the platform lacks it, the socket's `declined`
 * has the message and the reason; a send with it fails with `Unsupported`.
 *
 * @example
 * ```ts
 * import { Datagram, withOptional, withTimestamp } from "@ancillary/effect3"
 *
 * const spec = Datagram.dual.pipe(withOptional(withTimestamp()))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withOptional = <M extends ControlMessage.Any>(self: With<M>): With<Optional<M>> =>
  combinator(
    partsOf("withOptional", self).map((part) =>
      "declare" in part
        ? { declare: { ...part.declare, optional: true, feature: `withOptional(${part.declare.feature})` } }
        : part
    )
  ) as unknown as With<Optional<M>>

/**
 * Combines several combinators, of messages and options, into one that can be shared.
 *
 * @example
 * ```ts
 * import { Datagram, withHopLimit, withPktInfo, withReuseAddress } from "@ancillary/effect3"
 *
 * const serverDefaults = Datagram.combine(withPktInfo(), withHopLimit(), withReuseAddress())
 * const spec = Datagram.ipv4.pipe(serverDefaults)
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const combine = <const Parts extends ReadonlyArray<AnyPart>>(
  ...parts: Parts & NoDuplicates<Parts>
): Combined<MessagesOf<Parts[number]>, NeedsOf<Parts[number]>, UnsupportedFamilies<Parts[number]>> =>
  combinator((parts as Parts).flatMap((part) => partsOf("Datagram.combine", part))) as unknown as Combined<
    MessagesOf<Parts[number]>,
    NeedsOf<Parts[number]>,
    UnsupportedFamilies<Parts[number]>
  >

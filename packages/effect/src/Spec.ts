/**
 * Specs, and the types that follow from them.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type * as Engine from "@ancillary/engine/spec/Spec"
import type { OptionKind } from "./OptionKind.ts"

/**
 * The record of the control messages that a datagram carries, derived from those that are declared. A message that the kernel delivers with every
 * datagram is its bare value. One that may be missing is an `Option`, and a repeated one is an array.
 *
 * @category models
 * @since 0.1.0
 */
export type Control<F extends Family, D extends ControlMessage.Any> = Engine.Control<F, D, OptionKind>

/**
 * The options and control messages that a socket is to have: shared and composed freely, by `pipe`.
 *
 * `R` is the capabilities that its options require of the platform. Those that its messages require follow from `D` and appear at `bind`.
 *
 * A spec that is chosen at run time (`v6 ? Datagram.ipv6 : Datagram.ipv4`) is a `Spec<"ipv4" | "ipv6", …>`. It takes the options and messages that both
 * families have, and its socket fails a send to an address of the other family (`InvalidArgument`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Spec<F extends Family, D extends ControlMessage.Any, R = never> extends Engine.Spec<F, D, R> {}

/**
 * Types that follow from the type of a spec.
 *
 * @since 0.1.0
 */
export declare namespace Spec {
  /**
   * Any spec, whatever it declares.
   *
   * @category models
   * @since 0.1.0
   */
  export type Any = Engine.Spec.Any
  /**
   * The family that a spec is written for.
   *
   * @category models
   * @since 0.1.0
   */
  export type Family<S> = Engine.Spec.Family<S>
  /**
   * The union of the messages that a spec declares.
   *
   * @category models
   * @since 0.1.0
   */
  export type Declared<S> = Engine.Spec.Declared<S>
  /**
   * The record that its datagrams carry.
   *
   * @category models
   * @since 0.1.0
   */
  export type Received<S> = Engine.Spec.Received<S, OptionKind>
  /**
   * The record that may go with the datagrams that it sends.
   *
   * @category models
   * @since 0.1.0
   */
  export type Sendable<S> = Engine.Spec.Sendable<S>
  /**
   * The capabilities that it requires of the platform, by its options and by its messages.
   *
   * @category models
   * @since 0.1.0
   */
  export type Needs<S> = Engine.Spec.Needs<S>
}

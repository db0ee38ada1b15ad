/**
 * Specs, and the types that follow from them.
 *
 * @since 0.1.0
 */
import type { ControlMessage, Family } from "@ancillary/control"
import type { UndefinedKind } from "@ancillary/engine/spec/Maybe"
import type * as Engine from "@ancillary/engine/spec/Spec"

/**
 * The record of the control messages of a datagram, derived from the declared ones. A message that the kernel delivers with every datagram
 * is its bare value. A message that may be missing is its value or `undefined`, and a repeated one is an array.
 *
 * @category models
 * @since 0.1.0
 */
export type Control<F extends Family, D extends ControlMessage.Any> = Engine.Control<F, D, UndefinedKind>

/**
 * The options and control messages that a socket is to have. Programs share and compose specs with `pipe`.
 *
 * `R` is the set of capabilities that its options require of the platform. The capabilities for its messages follow from `D`. If the system
 * lacks one of them, `Datagram.bind` rejects with `DatagramUnsupportedError`.
 *
 * A spec that is chosen at run time (`v6 ? Datagram.ipv6 : Datagram.ipv4`) is a `Spec<"ipv4" | "ipv6", …>`. It accepts the options and
 * messages that both families have. Its socket fails a send to an address of the other family with `InvalidArgument`.
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
   * The record of control messages of its received datagrams.
   *
   * @category models
   * @since 0.1.0
   */
  export type Received<S> = Engine.Spec.Received<S, UndefinedKind>
  /**
   * The record of control messages that a program may send with a datagram.
   *
   * @category models
   * @since 0.1.0
   */
  export type Sendable<S> = Engine.Spec.Sendable<S>
  /**
   * The capabilities that it requires of the platform, for its options and its messages.
   *
   * @category models
   * @since 0.1.0
   */
  export type Needs<S> = Engine.Spec.Needs<S>
}

/**
 * The shape of a value that may be missing. A face chooses it: an `Option`, or `T | undefined`. The engine makes each record in that shape.
 *
 * @since 0.1.0
 */

/**
 * A function from types to types: `type` is the shape of a `value` that may be missing. An interface that extends it reads `this["value"]`.
 *
 * @example
 * ```ts
 * import type { MaybeKind } from "@ancillary/engine/spec/Maybe"
 *
 * // A list of one or none.
 * interface ListKind extends MaybeKind {
 *   readonly type: ReadonlyArray<this["value"]>
 * }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface MaybeKind {
  readonly value: unknown
  readonly type: unknown
}

/**
 * A value of type `A` that may be missing, in the shape of the kind `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type Maybe<K extends MaybeKind, A> = (K & { readonly value: A })["type"]

/**
 * The kind of faces without a library: the value, or `undefined`.
 *
 * @category models
 * @since 0.1.0
 */
export interface UndefinedKind extends MaybeKind {
  readonly type: this["value"] | undefined
}

declare const kind: unique symbol

/**
 * A value of type `A` that may be missing, in a shape that only the face knows.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyMaybe<out A> {
  readonly [kind]: A
}

/**
 * The kind that stands for every kind in the engine.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyKind extends MaybeKind {
  readonly type: AnyMaybe<this["value"]>
}

/**
 * Makes and reads values that may be missing.
 *
 * @category models
 * @since 0.1.0
 */
export interface MaybeShape<Kind extends MaybeKind = AnyKind> {
  /** Returns the shape of a value that is there. */
  readonly some: <A>(value: A) => Maybe<Kind, A>
  /** The shape of a value that is missing. */
  readonly none: Maybe<Kind, never>
  /** Returns the value inside, or `undefined` if it is missing. A value without the shape is returned as it is. */
  readonly get: (maybe: unknown) => unknown
}

/**
 * The shape of one kind, as the engine uses it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const shapeOf = <Kind extends MaybeKind>(shape: MaybeShape<Kind>): MaybeShape => shape as unknown as MaybeShape

/**
 * The shape of `UndefinedKind`.
 *
 * @category constants
 * @since 0.1.0
 */
export const orUndefined: MaybeShape = shapeOf<UndefinedKind>({
  some: (value) => value,
  none: undefined,
  get: (maybe) => maybe
})

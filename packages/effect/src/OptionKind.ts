/**
 * Values that may be missing are an `Option`.
 *
 * @since 0.1.0
 */
import { type MaybeKind, type MaybeShape, shapeOf } from "@ancillary/engine/spec/Maybe"
import * as Option from "effect/Option"

/**
 * From a type to its `Option`.
 *
 * @category models
 * @since 0.1.0
 */
export interface OptionKind extends MaybeKind {
  readonly type: Option.Option<this["value"]>
}

/**
 * Makes and reads each `Option` in what is received.
 *
 * @category constants
 * @since 0.1.0
 */
export const option: MaybeShape = shapeOf<OptionKind>({
  some: Option.some,
  none: Option.none(),
  get: (maybe) => (Option.isOption(maybe) ? Option.getOrUndefined(maybe) : maybe)
})

/** Waits for a callback that can be cancelled. */
import * as Effect from "effect/Effect"

/**
 * `Effect.async`, but nothing begins before its cancellation is in place. In Effect 3 a fiber may yield after `Effect.async` has begun, and an
 * interruption there runs no cancellation: a loop would go on and take datagrams.
 *
 * `begin` returns the cancellation. It calls its argument when it is over.
 */
export const cancellable = <A, E>(
  begin: (resume: (result: Effect.Effect<A, E>) => void) => (onCancelled: () => void) => void
): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    let cancel: ((onCancelled: () => void) => void) | undefined
    return Effect.onInterrupt(
      Effect.async<A, E>((resume) => {
        cancel = begin(resume)
      }),
      () =>
        Effect.async<void>((resume) => (cancel === undefined ? resume(Effect.void) : cancel(() => resume(Effect.void))))
    )
  })

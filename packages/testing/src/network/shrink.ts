/** Reduces a failing list to one that cannot be shorter. */

/**
 * Returns a shorter list that still fails, of which no element can be left out. `fails` must return the same for the same list: use a fixed seed
 * and a manual clock.
 *
 * **Details**
 *
 * Parts are left out from large to small (delta debugging: Zeller and Hildebrandt 2002). A list of n elements needs about n calls if the failure
 * has few causes, and n² at most.
 *
 * @category shrinking
 * @since 0.1.0
 */
export const shrink = <A>(list: ReadonlyArray<A>, fails: (fewer: ReadonlyArray<A>) => boolean): ReadonlyArray<A> => {
  const steps = attempts(list)
  let step = steps.next(false)
  while (step.done !== true) step = steps.next(fails(step.value))
  return step.value
}

/** As `shrink`, for a condition that waits. */
export const shrinkAsync = async <A>(
  list: ReadonlyArray<A>,
  fails: (fewer: ReadonlyArray<A>) => Promise<boolean>
): Promise<ReadonlyArray<A>> => {
  const steps = attempts(list)
  let step = steps.next(false)
  while (step.done !== true) step = steps.next(await fails(step.value))
  return step.value
}

/** Yields lists to try, and returns the smallest that fails. `next` passes the result of each. */
function* attempts<A>(list: ReadonlyArray<A>): Generator<ReadonlyArray<A>, ReadonlyArray<A>, boolean> {
  let rest = list
  let size = Math.ceil(rest.length / 2)
  while (size >= 1) {
    let isShorter = false
    for (let at = 0; at < rest.length;) {
      const fewer = [...rest.slice(0, at), ...rest.slice(at + size)]
      if (fewer.length < rest.length && (yield fewer)) {
        rest = fewer
        isShorter = true
      } else at += size
    }
    // A part that was needed may not be needed any more once others are gone.
    if (size === 1 && !isShorter) return rest
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
  return rest
}

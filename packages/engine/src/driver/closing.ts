/** Closing several things of which each may throw. */

/** Runs every step, whatever the others throw, and throws what was thrown first. */
export const closeAll = (steps: ReadonlyArray<() => unknown>): void => {
  let failed: { readonly defect: unknown } | undefined
  for (const step of steps) {
    try {
      step()
    } catch (defect) {
      failed ??= { defect }
    }
  }
  if (failed !== undefined) throw failed.defect
}

/** Runs `make`. If that throws, undoes what was made before, and throws the same. */
export const undoing = <A>(undo: () => void, make: () => A): A => {
  try {
    return make()
  } catch (defect) {
    try {
      undo()
    } catch {
      // What `make` threw comes first, and says more.
    }
    throw defect
  }
}

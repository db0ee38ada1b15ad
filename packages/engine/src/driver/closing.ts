/** Closes several things although each of them may throw. */

/**
 * Runs every step even if others throw, and throws the first error.
 *
 * @category sockets
 * @since 0.1.0
 */
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

/** Runs `make`. If it throws, undoes the earlier steps and throws the same error. */
export const undoing = <A>(undo: () => void, make: () => A): A => {
  try {
    return make()
  } catch (defect) {
    try {
      undo()
    } catch {
      // The error of `make` takes precedence, because it has more information.
    }
    throw defect
  }
}

/**
 * Ignores the rejection of a promise that a function of the program returned in place of a value or of nothing. Its rejection would end the
 * process.
 *
 * @category servers
 * @since 0.1.0
 */
export const ignoreRejection = (returned: unknown): void => {
  if (returned instanceof Promise) returned.catch(() => undefined)
}

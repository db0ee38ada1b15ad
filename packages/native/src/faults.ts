/**
 * Faults with the platform's names of error numbers.
 *
 * @since 0.1.0
 */
import type { Fault } from "@ancillary/engine/driver/Driver"

/**
 * Faults of one platform.
 *
 * @category models
 * @since 0.1.0
 */
export interface Faults {
  /** Returns the name of an error number, `errno 123` if it has none. */
  readonly errorName: (errno: number) => string
  /** Makes the fault of a call. */
  readonly fault: (syscall: string, errno: number) => Fault
}

/**
 * Makes the faults of a platform from its names of error numbers.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeFaults = (names: ReadonlyMap<number, string>): Faults => {
  const errorName = (errno: number): string => names.get(errno) ?? `errno ${errno}`
  return { errorName, fault: (syscall, errno) => ({ syscall, code: errorName(errno), errno }) }
}

/**
 * Loads a driver's native part. Each reason that makes it impossible is a record and not an exception.
 *
 * @since 0.1.0
 */
import { isUnavailable, type Unavailable } from "@ancillary/engine/driver/Driver"

/**
 * Calls a function that uses koffi, which throws if its native part is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const loadNative = <A>(feature: string, load: () => A): A | Unavailable => {
  try {
    return load()
  } catch (cause) {
    return {
      feature,
      why: `koffi could not be loaded (${cause instanceof Error ? cause.message.split("\n")[0] : String(cause)})`,
      remedy:
        "Install koffi with its native part: its package for this machine is an optional dependency, which --omit=optional leaves out"
    }
  }
}

/**
 * Returns the record for a worker thread. koffi's poll aborts the process if its thread ends during a report.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unavailableInWorker = (feature: string): Unavailable => ({
  feature,
  why: "a worker thread that ends while a socket waits would end the process",
  remedy: "Open the sockets in the main thread, or serve in processes with DatagramWorkers"
})

/**
 * Options of every driver.
 *
 * @category models
 * @since 0.1.0
 */
export interface DriverOptions {
  /** Puts canaries behind every buffer and poisons memory before a receive. Slower, for tests. False by default. */
  readonly guarded?: boolean | undefined
}

/**
 * Returns whether the options request guarded memory. Any value other than a boolean is a mistake of the program.
 *
 * @category checks
 * @since 0.1.0
 */
export const readGuarded = (feature: string, options: DriverOptions | undefined): boolean | Unavailable => {
  const refused: Unavailable = {
    feature: `${feature}, guarded`,
    why: "it is neither true nor false",
    remedy: "Give a boolean, or leave it out"
  }
  try {
    const guarded: unknown = options?.guarded ?? false
    return typeof guarded === "boolean" ? guarded : refused
  } catch {
    return refused
  }
}

export { isUnavailable, type Unavailable }

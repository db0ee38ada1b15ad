/**
 * Sockets of Linux, glibc and musl, for Effect 3: the driver of `@ancillary/posix` as an effect and as a layer.
 *
 * @since 0.1.0
 */
import type { DatagramUnsupportedError } from "../DatagramError.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { LinuxSockets } from "@ancillary/posix"
import type * as Effect from "effect/Effect"

/**
 * Features of Linux that not every platform has.
 *
 * @category models
 * @since 0.1.0
 */
export const capabilities: typeof LinuxSockets.capabilities = LinuxSockets.capabilities

/**
 * Makes the driver, to be wrapped or shared. `guarded` puts canaries behind every buffer and poisons memory before a receive: slower, for tests.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: {
  readonly guarded?: boolean | undefined
}): Effect.Effect<Driver, DatagramUnsupportedError> => DatagramSockets.driver(() => LinuxSockets.driver(options))

/**
 * Fails with `DatagramUnsupportedError` on another system, and if koffi's native part is missing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = DatagramSockets.layer(driver(), capabilities)

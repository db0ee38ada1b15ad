/**
 * Sockets of the current system: Linux, macOS or Windows, selected when the layer is built.
 *
 * @since 0.1.0
 */
import type { DatagramUnsupportedError } from "../DatagramError.ts"
import { DatagramSockets } from "../DatagramSockets.ts"
import type { Driver } from "@ancillary/engine/driver/Driver"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { systemDriver } from "@ancillary/node"

/**
 * The driver of the current system. Fails with `DatagramUnsupportedError` if there is no driver for it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver: Effect.Effect<Driver, DatagramUnsupportedError> = DatagramSockets.driver(systemDriver)

/**
 * Provides the features that every platform has. If a feature exists only on some, use `withOptional` or the layer of a
 * platform.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<DatagramSockets, DatagramUnsupportedError> = DatagramSockets.layer(driver, [])

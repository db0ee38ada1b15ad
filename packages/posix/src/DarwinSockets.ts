/**
 * Sockets of macOS through libSystem. From the headers' text: nothing of it has run on a Mac yet.
 *
 * @since 0.1.0
 */
import { Abi } from "@ancillary/control"
import { DatagramSockets, type DatagramUnsupportedError } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import type { Effect } from "effect"
import { makeDriver } from "./internal/driver.ts"
import { darwin } from "./internal/platform.ts"

/**
 * What macOS has and not every platform does.
 *
 * @category models
 * @since 0.1.0
 */
export const capabilities = [
  // Messages.
  "timestamp",
  "routingHeader",
  "sentRoutingHeader",
  "hopByHopOptions",
  "destinationOptions",
  "nextHop",
  "pathMtuReports",
  "rights",
  // Options.
  "stickyHeaders",
  "reusePort",
  "defaultTrafficClass"
] as const

/**
 * The driver itself, to be wrapped or shared.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: {
  readonly guarded?: boolean | undefined
}): Effect.Effect<Driver, DatagramUnsupportedError> =>
  makeDriver({
    platform: "darwin",
    layer: "DarwinSockets.layer",
    numbers: darwin,
    options,
    abi: (bits) => (bits === 64 ? Abi.darwin64 : undefined)
  })

/**
 * Fails with `DatagramUnsupportedError` on another system, and where koffi's native part is missing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = DatagramSockets.layer(driver(), capabilities)

/**
 * Sockets of macOS through libSystem. It is written from the text of the headers, and has not run on a Mac yet.
 *
 * @since 0.1.0
 */
import { Abi } from "@ancillary/control"
import type { Driver, Unavailable } from "@ancillary/engine/driver/Driver"
import type { DriverOptions } from "@ancillary/native/loading"
import { makeDriver } from "./internal/driver.ts"
import { darwin } from "./internal/platform.ts"

/**
 * Features of macOS that not every platform has. The type of a layer is made from them.
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
 * Makes the driver. Returns the reason if this is another system, a worker thread that cannot wait, or koffi's native part is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: DriverOptions): Driver | Unavailable =>
  makeDriver({
    platform: "darwin",
    layer: "DarwinSockets.layer",
    numbers: darwin,
    options,
    abi: (bits) => (bits === 64 ? Abi.darwin64 : undefined)
  })

/**
 * Sockets of Windows through Winsock.
 *
 * **Details**
 *
 * Run under Wine with Node for win32-x64: opening, options, receiving with control data, readiness.
 *
 * Wine lacks some features, for which the proof is only the Windows headers and documents. They are the bytes of sent control data,
 * `MSG_TRUNC`, `MSG_BCAST` and `MSG_MCAST`, and refusals of a connected peer.
 *
 * @since 0.1.0
 */
import type { Driver, Unavailable } from "@ancillary/engine/driver/Driver"
import type { DriverOptions } from "@ancillary/native/loading"
import { makeDriver } from "./internal/driver.ts"

/**
 * Features of Winsock that not every platform has. The type of a layer is made from them.
 *
 * @category models
 * @since 0.1.0
 */
export const capabilities = [
  // Messages.
  "originalArrivalInterface",
  "counterTimestamp",
  "segmentation",
  "coalescing",
  "routingHeader",
  "sentRoutingHeader",
  "hopByHopOptions",
  // Options.
  "exclusiveUse",
  "unicastInterface",
  "pathMtuDiscovery"
] as const

/**
 * Makes the driver. Returns the reason if this is another system, a worker thread, or koffi's native part is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: DriverOptions): Driver | Unavailable => makeDriver("WinsockSockets.layer", options)

/**
 * Sockets of Windows through Winsock.
 *
 * **Details**
 *
 * Run under Wine with Node for win32-x64: opening, options, receiving with control data, readiness. What Wine lacks rests on the Windows
 * headers and documents: the bytes of control data that is sent, `MSG_TRUNC`, `MSG_BCAST` and `MSG_MCAST`, refusals of a connected peer.
 *
 * @since 0.1.0
 */
import { DatagramSockets, type DatagramUnsupportedError } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import type { Effect } from "effect"
import { makeDriver } from "./internal/driver.ts"

/**
 * What Winsock has and not every platform does.
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
 * The driver itself, to be wrapped or shared. `guarded` puts canaries behind every buffer and poisons what the kernel shall fill: slower, for
 * tests.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: {
  readonly guarded?: boolean | undefined
}): Effect.Effect<Driver, DatagramUnsupportedError> => makeDriver("WinsockSockets.layer", options)

/**
 * Fails with `DatagramUnsupportedError` on another system, and where koffi's native part is missing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = DatagramSockets.layer(driver(), capabilities)

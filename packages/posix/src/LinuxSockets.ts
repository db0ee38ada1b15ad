/**
 * Sockets of Linux, glibc and musl, through libc.
 *
 * @since 0.1.0
 */
import { Abi } from "@ancillary/control"
import { DatagramSockets, type DatagramUnsupportedError } from "@ancillary/effect3"
import type { Driver } from "@ancillary/engine/driver/Driver"
import type { Effect } from "effect"
import { makeDriver } from "./internal/driver.ts"
import { linux } from "./internal/platform.ts"

/**
 * What Linux has and not every platform does.
 *
 * @category models
 * @since 0.1.0
 */
export const capabilities = [
  // Messages.
  "timestamp",
  "timestamping",
  "dropCount",
  "originalDestination",
  "segmentation",
  "coalescing",
  "fragmentSize",
  "checksum",
  "flowLabel",
  "mark",
  "priority",
  "transmitTime",
  "ipOptions",
  "routingHeader",
  "hopByHopOptions",
  "destinationOptions",
  "errorReports",
  "pathMtuReports",
  "transmitTimestamps",
  "rights",
  "credentials",
  "pidFd",
  // Options.
  "stickyHeaders",
  "bindToDevice",
  "unicastInterface",
  "reusePort",
  "freebind",
  "transparent",
  "multicastAll",
  "defaultTrafficClass",
  "defaultPriority",
  "defaultMark",
  "autoFlowLabel",
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
}): Effect.Effect<Driver, DatagramUnsupportedError> =>
  makeDriver({
    platform: "linux",
    layer: "LinuxSockets.layer",
    numbers: linux,
    options,
    abi: (bits, libc) => abis[`${libc} ${bits}`]
  })

const abis: { readonly [libcAndBits in string]?: Abi } = {
  "glibc 64": Abi.linuxGlibc64,
  "glibc 32": Abi.linuxGlibc32,
  "musl 64": Abi.linuxMusl64,
  "musl 32": Abi.linuxMusl32
}

/**
 * Fails with `DatagramUnsupportedError` on another system, and where koffi's native part is missing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = DatagramSockets.layer(driver(), capabilities)

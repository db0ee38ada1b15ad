/**
 * Sockets of Linux through libc (glibc or musl).
 *
 * @since 0.1.0
 */
import { Abi } from "@ancillary/control"
import type { Driver, Unavailable } from "@ancillary/engine/driver/Driver"
import type { DriverOptions } from "@ancillary/native/loading"
import { makeDriver } from "./internal/driver.ts"
import { linux } from "./internal/platform.ts"

/**
 * Features of Linux that not every platform has. The type of a layer is made from them.
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
  "steering",
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
 * Makes the driver. Returns the reason if this is another system or koffi's native part is missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver = (options?: DriverOptions): Driver | Unavailable =>
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

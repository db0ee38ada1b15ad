/**
 * Sockets of the current system: Linux, macOS or Windows, selected when the layer is built.
 *
 * @since 0.1.0
 */
import { DatagramSockets, type DatagramUnsupportedError } from "@ancillary/effect3"
import { unsupported } from "@ancillary/effect3/DatagramError"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { DarwinSockets, LinuxSockets } from "@ancillary/posix"
import { WinsockSockets } from "@ancillary/winsock"
import { Effect, type Layer } from "effect"

/**
 * The driver of the current system. Fails with `DatagramUnsupportedError` if there is no driver for it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const driver: Effect.Effect<Driver, DatagramUnsupportedError> = Effect.suspend(() => {
  switch (process.platform) {
    case "linux":
      return LinuxSockets.driver()
    case "darwin":
      return DarwinSockets.driver()
    case "win32":
      return WinsockSockets.driver()
    default:
      return Effect.fail(
        unsupported(
          "NodeSockets.layer",
          `there is no driver for ${process.platform}`,
          "Run it on Linux, macOS or Windows"
        )
      )
  }
})

/**
 * Provides the features that every platform has. If a feature exists only on some, use `withOptional` or the layer of a
 * platform.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<DatagramSockets, DatagramUnsupportedError> = DatagramSockets.layer(driver, [])

/** The driver of the system at hand. */
import type { Driver, Unavailable } from "@ancillary/engine/driver/Driver"
import { DarwinSockets, LinuxSockets } from "@ancillary/posix"
import { WinsockSockets } from "@ancillary/winsock"

const drivers: { readonly [platform in string]?: () => Driver | Unavailable } = {
  linux: LinuxSockets.driver,
  darwin: DarwinSockets.driver,
  win32: WinsockSockets.driver
}

/**
 * Returns the driver of the current system: Linux, macOS or Windows. Returns the reason if there is no driver for it, or if koffi's native part is
 * missing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const systemDriver = (): Driver | Unavailable => {
  const { platform } = process
  return (
    drivers[platform]?.() ?? {
      feature: "NodeSockets.layer",
      why: `there is no driver for ${platform}`,
      remedy: "Run it on Linux, macOS or Windows"
    }
  )
}

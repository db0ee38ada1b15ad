/** Picks the driver of the system at hand. */
import type { Driver, Unavailable } from "@ancillary/engine/driver/Driver"
import { DarwinSockets, LinuxSockets } from "@ancillary/posix"
import { WinsockSockets } from "@ancillary/winsock"

const drivers: { readonly [platform in string]?: () => Promise<Driver | Unavailable> } = {
  linux: LinuxSockets.driver,
  darwin: DarwinSockets.driver,
  win32: WinsockSockets.driver
}

export const systemDriver = (): Promise<Driver | Unavailable> | Unavailable => {
  const { platform } = process
  const driver = drivers[platform]
  return driver === undefined
    ? {
        feature: "NodeSockets.layer",
        why: `there is no driver for ${platform}`,
        remedy: "Run it on Linux, macOS or Windows"
      }
    : driver()
}

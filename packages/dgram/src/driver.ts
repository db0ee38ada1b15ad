/** The driver of the system at hand, which all sockets of a thread share. */
import { type Driver, isUnavailable } from "@ancillary/engine/driver/Driver"
import { DarwinSockets, LinuxSockets } from "@ancillary/posix"
import { WinsockSockets } from "@ancillary/winsock"
import { Addresses } from "./addresses.ts"

/** What sockets of this thread are opened with. */
export interface Host {
  readonly driver: Driver
  readonly addresses: Addresses
}

const systems = { linux: LinuxSockets, darwin: DarwinSockets, win32: WinsockSockets }

const isKnown = (platform: string): platform is keyof typeof systems => platform in systems

const loaded = isKnown(process.platform) ? await systems[process.platform].driver() : undefined

let current: Host | undefined

/** Returns the driver. Throws if this system has none. */
export const host = (): Host => {
  if (current !== undefined) return current
  if (loaded === undefined)
    throw new Error(`@ancillary/dgram: there is no driver for ${process.platform}. Run it on Linux, macOS or Windows.`)
  if (isUnavailable(loaded)) throw new Error(`@ancillary/dgram: ${loaded.why}. ${loaded.remedy}.`)
  current = { driver: loaded, addresses: new Addresses(loaded) }
  return current
}

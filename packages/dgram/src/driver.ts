/** The driver of the system at hand, which all sockets of a thread share. */
import { type Driver, isUnavailable } from "@ancillary/engine/driver/Driver"
import { systemDriver } from "@ancillary/node"
import { Addresses } from "./addresses.ts"

/** The driver that opens the sockets of this thread. */
export interface Host {
  readonly driver: Driver
  readonly addresses: Addresses
}

let current: Host | undefined

/** Returns the driver. Throws if this system has none. */
export const host = (): Host => {
  if (current !== undefined) return current
  const driver = systemDriver()
  if (isUnavailable(driver)) throw new Error(`@ancillary/dgram: ${driver.why}. ${driver.remedy}.`)
  return (current = { driver, addresses: new Addresses(driver) })
}

/** The driver of the system at hand, which all sockets of a thread share. */
import { LinuxSockets, DarwinSockets } from "@ancillary/posix"
import { WinsockSockets } from "@ancillary/winsock"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { Effect } from "effect"
import { Addresses } from "./addresses.ts"

export interface Host {
  readonly driver: Driver
  readonly addresses: Addresses
}

const driver = await Effect.runPromise(
  process.platform === "win32"
    ? WinsockSockets.driver()
    : process.platform === "darwin"
      ? DarwinSockets.driver()
      : LinuxSockets.driver()
)
const current = { driver, addresses: new Addresses(driver) }

export const host = (): Host => current

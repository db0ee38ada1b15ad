/**
 * Binds one socket with the engine and the driver of Linux, without Effect.
 */
import { isUnavailable } from "@ancillary/engine/driver/Driver"
import { LinuxSockets } from "@ancillary/posix"
import { engineSocket } from "../engineSocket.ts"
import { report } from "./report.ts"

const driver = LinuxSockets.driver()
if (isUnavailable(driver)) throw new Error(driver.why)
engineSocket(driver)
report()

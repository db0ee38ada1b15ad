/**
 * The reader of the other candidates, opened with the engine alone: no effect, no scope, no fiber.
 */
import { InternetEndpoint, Ipv4Address } from "@ancillary/control"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { compile } from "@ancillary/engine/plan/Plan"
import { open, openNew, OpenSocket } from "@ancillary/engine/socket"
import { withHopLimit, withPktInfo } from "@ancillary/engine/spec/combinators/messages"
import { withReceiveBufferSize } from "@ancillary/engine/spec/combinators/options"
import { make } from "@ancillary/engine/spec/Spec"
import { receiveBuffer } from "./nodeSocket.ts"

const spec = make("ipv4").pipe(withPktInfo(), withHopLimit(), withReceiveBufferSize(receiveBuffer))
const local = new InternetEndpoint("ipv4", Ipv4Address.of(127, 0, 0, 1), 0)

export const engineSocket = (driver: Driver): OpenSocket => {
  const socket = open(driver, compile(spec, driver.abi), { native: openNew, local, peer: undefined })
  if (socket instanceof OpenSocket) return socket
  throw new Error(socket.message)
}

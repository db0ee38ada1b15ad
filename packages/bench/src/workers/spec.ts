/**
 * The spec that a server binds and that its workers adopt.
 */
import { Datagram, withPktInfo } from "@ancillary/effect3"

export const spec = Datagram.ipv4.pipe(withPktInfo())

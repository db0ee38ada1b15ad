import { Datagram, withPktInfo } from "@ancillary/socket"

/** What the server binds and what its workers take over: the same. */
export const spec = Datagram.ipv4.pipe(withPktInfo())

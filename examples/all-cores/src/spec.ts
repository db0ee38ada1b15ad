import { Datagram, withPktInfo } from "@ancillary/effect3"

/** What the server binds and what its workers take over: the same. */
export const spec = Datagram.ipv4.pipe(withPktInfo())

import { Datagram, withPktInfo } from "@ancillary/effect3"

/** The spec of both programs: the parent binds it, and the workers take it over. */
export const spec = Datagram.ipv4.pipe(withPktInfo())

import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Mark of a packet inside this host, which routing and firewall rules set and match. It is not part of the packet on
 * the network. Linux (received since 5.19).
 *
 * @see socket(7), SO_MARK; ip-rule(8), fwmark
 * @category messages
 * @since 0.1.0
 */
export interface Mark extends ControlMessage<"mark", Internet, "optional", Capability<"mark">> {
  readonly received: {
    /**
     * The packet's mark, set by firewall rules or by a sender on this host; 0 if it was not set. Ping sockets never
     * deliver it. Linux.
     */
    readonly mark: number
  }
  readonly sendable: {
    /**
     * The mark for this datagram, 0 to 4294967295. Requires CAP_NET_ADMIN or CAP_NET_RAW. Absent: the current value of
     * the socket. Linux.
     */
    readonly mark?: number | undefined
  }
}

const row = {
  request: on(Linux.SOL_SOCKET, Linux.SO_RCVMARK),
  receive: [{ level: Linux.SOL_SOCKET, type: Linux.SO_MARK, payload: uint32 }],
  send: {
    level: Linux.SOL_SOCKET,
    type: Linux.SO_MARK,
    payload: uint32,
    privilege: "CAP_NET_ADMIN or, from Linux 5.17 on, CAP_NET_RAW"
  }
}
const unsupported = { unsupported: "there are no packet marks outside Linux" }

/**
 * The definition of `Mark`.
 *
 * @category messages
 * @since 0.1.0
 */
export const Mark = define<Mark>({
  key: "mark",
  presence: "optional",
  table: {
    linux: { ipv4: row, ipv6: row },
    winsock: { ipv4: unsupported, ipv6: unsupported },
    darwin: { ipv4: unsupported, ipv6: unsupported }
  }
})

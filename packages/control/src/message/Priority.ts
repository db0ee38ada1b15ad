import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Priority of a packet in the queues of this host; it is not part of the packet on the network. Linux 6.14.
 *
 * **Details**
 *
 * On IPv4 the kernel derives a priority from a traffic class that is sent. If both are given, the priority is used,
 * whatever their order.
 *
 * @see socket(7), SO_PRIORITY; tc-prio(8)
 * @category messages
 * @since 0.1.0
 */
export interface Priority extends ControlMessage<"priority", Internet, "optional", Capability<"priority">> {
  readonly received: {
    /**
     * The packet's priority, set by a sender on this host or by a firewall rule, else 0. Ping sockets never deliver it.
     * Linux.
     */
    readonly priority: number
  }
  readonly sendable: {
    /**
     * The priority of this datagram, 0 to 6. With CAP_NET_ADMIN or CAP_NET_RAW it is up to 4294967295. Absent: the
     * current value of the socket. Linux.
     */
    readonly priority?: number | undefined
  }
}

const row = {
  request: on(Linux.SOL_SOCKET, Linux.SO_RCVPRIORITY),
  receive: [{ level: Linux.SOL_SOCKET, type: Linux.SO_PRIORITY, payload: uint32 }],
  send: {
    level: Linux.SOL_SOCKET,
    type: Linux.SO_PRIORITY,
    payload: uint32,
    // Linux: IP_TOS sets the priority, too, and the later of the two is used.
    writeLast: true,
    privilege: "CAP_NET_ADMIN or CAP_NET_RAW above 6"
  }
} as const
const unsupported = { unsupported: "only Linux takes a queueing priority with a datagram" }

/**
 * The definition of `Priority`.
 *
 * @category messages
 * @since 0.1.0
 */
export const Priority = define<Priority>({
  key: "priority",
  presence: "optional",
  table: {
    linux: { ipv4: row, ipv6: row },
    winsock: { ipv4: unsupported, ipv6: unsupported },
    darwin: { ipv4: unsupported, ipv6: unsupported }
  }
})

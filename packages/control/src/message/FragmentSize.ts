import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Size of the largest fragment of a datagram that was reassembled: its path passes packets of this size. Linux.
 *
 * **Gotchas**
 *
 * The kernel keeps 16 bits of the size. If the MTU of an interface is 65536 (loopback), a full fragment counts as 0.
 * The size is then that of the last fragment.
 *
 * @see ip(7), IP_RECVFRAGSIZE; ipv6(7), IPV6_RECVFRAGSIZE
 * @category messages
 * @since 0.1.0
 */
export interface FragmentSize extends ControlMessage<"fragmentSize", Internet, "optional", Capability<"fragmentSize">> {
  readonly received: {
    /** Bytes of the largest fragment, its IP header included; absent if the datagram was not fragmented. Linux. */
    readonly fragmentSize: number
  }
}

const row = (level: number, option: number): Row<number, never> => ({
  request: on(level, option),
  receive: [{ level, type: option, payload: uint32 }]
})
const unsupported = { unsupported: "only Linux reports the size of the fragments of a datagram" }

/**
 * The definition of `FragmentSize`.
 *
 * @category messages
 * @since 0.1.0
 */
export const FragmentSize = define<FragmentSize>({
  key: "fragmentSize",
  presence: "optional",
  table: {
    linux: {
      ipv4: row(Linux.IPPROTO_IP, Linux.IP_RECVFRAGSIZE),
      ipv6: row(Linux.IPPROTO_IPV6, Linux.IPV6_RECVFRAGSIZE)
    },
    winsock: { ipv4: unsupported, ipv6: unsupported },
    darwin: { ipv4: unsupported, ipv6: unsupported }
  }
})

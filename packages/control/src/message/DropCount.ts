import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Number of datagrams that the kernel dropped on this socket since it was opened, because its receive buffer was full.
 * Linux.
 *
 * **Gotchas**
 *
 * The kernel counts in 32 bits and starts again at 0 after 4294967295. The number of drops between two counts is
 * `(later - earlier) >>> 0`, also if the counter started again. Datagrams with a wrong checksum are not counted.
 *
 * @see socket(7), SO_RXQ_OVFL
 * @category messages
 * @since 0.1.0
 */
export interface DropCount extends ControlMessage<"dropCount", Internet, "optional", Capability<"dropCount">> {
  readonly received: {
    /**
     * Number of datagrams that the kernel dropped on this socket until now, modulo 2^32; absent until the first drop.
     * Linux.
     */
    readonly dropCount: number
  }
}

const uncounted = "only Linux reports the number of datagrams that a socket has dropped"
const row = {
  request: on(Linux.SOL_SOCKET, Linux.SO_RXQ_OVFL),
  receive: [{ level: Linux.SOL_SOCKET, type: Linux.SO_RXQ_OVFL, payload: uint32 }]
}

/**
 * The definition of `DropCount`.
 *
 * @category messages
 * @since 0.1.0
 */
export const DropCount = define<DropCount>({
  key: "dropCount",
  presence: "optional",
  table: {
    linux: { ipv4: row, ipv6: row },
    winsock: { ipv4: { unsupported: uncounted }, ipv6: { unsupported: uncounted } },
    darwin: { ipv4: { unsupported: uncounted }, ipv6: { unsupported: uncounted } }
  }
})

import { int32, transform, uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type Message } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { within } from "../internal/bounds.ts"
import { on } from "../internal/on.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Datagrams of one size from one sender that the kernel or the network card merged into one payload. Linux 5.0 calls
 * this GRO, and Windows 10 2004 calls it URO. The size is the distance between the starts of two datagrams.
 *
 * **Gotchas**
 *
 * This message does not split payloads: `data` is the merged payload as the kernel delivered it. It contains
 * `ceil(data.length / coalescedSize)` datagrams in a row, and the last may be shorter. If a slot is too small for all
 * of them, the later ones are lost and `truncated` is set. Some Windows machines delivered a merged payload without the
 * size.
 *
 * @see udp(7), UDP_GRO; IPPROTO_UDP socket options of Winsock, UDP_RECV_MAX_COALESCED_SIZE
 * @category messages
 * @since 0.1.0
 */
export interface Coalescing extends ControlMessage<"coalescedSize", Internet, "optional", Capability<"coalescing">> {
  readonly received: {
    /**
     * Bytes of each datagram that was merged into this payload; the last may have fewer. Absent if no datagrams were
     * merged.
     */
    readonly coalescedSize: number
  }
}

const read = (value: number) => (value >= 1 && value <= 0xffff ? value : { malformed: `a segment size of ${value}` })
const write = (value: number) => value

const linux = {
  request: on(Linux.IPPROTO_UDP, Linux.UDP_GRO),
  // Linux: the option and the received message are an int; a sent message has the size in two bytes.
  receive: [{ level: Linux.IPPROTO_UDP, type: Linux.UDP_GRO, payload: transform(int32, { read, write }) }]
}
const darwin = { unsupported: "macOS does not merge datagrams" }

/**
 * Makes `Coalescing` with a limit on the merged payload: `maximumBytes`, 1 to 65,527 bytes. Throws a `RangeError` for
 * any other number.
 *
 * Only Winsock can set a limit (`UDP_RECV_MAX_COALESCED_SIZE`). Linux merges up to the size of one datagram.
 *
 * @category messages
 * @since 0.1.0
 */
export const coalescing = (options: { readonly maximumBytes: number }): Message<Coalescing> => {
  const { maximumBytes } = optionsOf("coalescing", options)
  within("A maximum of merged bytes", maximumBytes, 1, 65_527)
  const winsock = {
    request: [
      { level: Winsock.IPPROTO_UDP, option: Winsock.UDP_RECV_MAX_COALESCED_SIZE, value: maximumBytes }
    ] as const,
    receive: [
      { level: Winsock.IPPROTO_UDP, type: Winsock.UDP_COALESCED_INFO, payload: transform(uint32, { read, write }) }
    ]
  }
  return define<Coalescing>({
    key: "coalescedSize",
    presence: "optional",
    table: {
      linux: { ipv4: linux, ipv6: linux },
      winsock: { ipv4: winsock, ipv6: winsock },
      darwin: { ipv4: darwin, ipv6: darwin }
    }
  })
}

/**
 * The definition of `Coalescing`, with the maximum payload as its limit. Only documentation supports the rows of
 * Winsock.
 *
 * @category messages
 * @since 0.1.0
 */
export const Coalescing: Message<Coalescing> = coalescing({ maximumBytes: 65_527 })

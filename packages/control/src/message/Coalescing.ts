import { int32, transform, uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type Message } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { within } from "../internal/bounds.ts"
import { on } from "../internal/on.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Datagrams of one size from one sender that the kernel or the network card merged into one payload: GRO on Linux (5.0), URO on Windows (10
 * 2004). The size says where one ends and the next begins.
 *
 * **Gotchas**
 *
 * Nothing is split here: `data` is the merged payload as the kernel hands it over, `ceil(data.length / coalescedSize)` datagrams in a row, of
 * which the last may be shorter. A slot that is too small for all of them loses the later ones, which `truncated` tells. Some Windows machines
 * were seen to deliver a merged payload without the size.
 *
 * @see udp(7), UDP_GRO; IPPROTO_UDP socket options of Winsock, UDP_RECV_MAX_COALESCED_SIZE
 * @category messages
 * @since 0.1.0
 */
export interface Coalescing extends ControlMessage<"coalescedSize", Internet, "optional", Capability<"coalescing">> {
  readonly received: {
    /** Bytes of each of the datagrams that were merged into this payload; the last may have less. Absent: nothing was merged. */
    readonly coalescedSize: number
  }
}

const read = (value: number) => (value >= 1 && value <= 0xffff ? value : { malformed: `a segment size of ${value}` })
const write = (value: number) => value

const linux = {
  request: on(Linux.IPPROTO_UDP, Linux.UDP_GRO),
  // Linux: asked for and delivered as an int, though a datagram is sent with the size in two bytes.
  receive: [{ level: Linux.IPPROTO_UDP, type: Linux.UDP_GRO, payload: transform(int32, { read, write }) }]
}
const darwin = { unsupported: "macOS does not merge datagrams" }

/**
 * `Coalescing` with a limit on the merged payload: `maximumBytes`, 1 to 65,527 bytes. Throws a `RangeError` for any other number.
 *
 * Only Winsock has a limit to set (`UDP_RECV_MAX_COALESCED_SIZE`). Linux merges up to the size of one datagram.
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
 * The definition of `Coalescing`, up to the largest payload there is. On Winsock it rests on documents alone.
 *
 * @category messages
 * @since 0.1.0
 */
export const Coalescing: Message<Coalescing> = coalescing({ maximumBytes: 65_527 })

import { type Codec, isInteger, format, transform, uint16, uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * One payload that leaves as several datagrams of one size, cut by the kernel or the network card: GSO on Linux (4.18), USO on Windows (10
 * 2004).
 *
 * **Gotchas**
 *
 * The receiver gets as many datagrams as there are segments. Linux: more than 128 segments (64 on older kernels) are refused (`EINVAL`), and so is
 * a segment above the MTU of the route (`EMSGSIZE`), where a plain datagram would be fragmented. A payload of one segment or less is a plain
 * datagram.
 *
 * @see udp(7), UDP_SEGMENT; IPPROTO_UDP socket options of Winsock, UDP_SEND_MSG_SIZE
 * @category messages
 * @since 0.1.0
 */
export interface Segmentation extends ControlMessage<"segmentSize", Internet, "required", Capability<"segmentation">> {
  readonly sendable: {
    /** Bytes of payload in each datagram but the last, which has the rest, 1 to 65535. Absent: one datagram. Linux, Winsock. */
    readonly segmentSize?: number | undefined
  }
}

const sized = (codec: Codec<number>): Codec<number> =>
  transform(codec, {
    read: (value) => value,
    write: (value) => value,
    validate: (value) =>
      isInteger(value, 1, 0xffff) ? undefined : `${format(value)} is not a size of segments: an integer from 1 to 65535`
  })

const linux = {
  request: [],
  // Linux: two bytes, though the option of that number takes four; any other size is EINVAL.
  send: { level: Linux.IPPROTO_UDP, type: Linux.UDP_SEGMENT, payload: sized(uint16) }
}
const winsock = {
  request: [],
  send: { level: Winsock.IPPROTO_UDP, type: Winsock.UDP_SEND_MSG_SIZE, payload: sized(uint32) }
}
const darwin = { unsupported: "macOS does not cut a payload into datagrams" }

/**
 * The definition of `Segmentation`. On Winsock it rests on documents alone.
 *
 * @category messages
 * @since 0.1.0
 */
export const Segmentation = define<Segmentation>({
  key: "segmentSize",
  presence: "required",
  table: {
    linux: { ipv4: linux, ipv6: linux },
    winsock: { ipv4: winsock, ipv6: winsock },
    darwin: { ipv4: darwin, ipv6: darwin }
  }
})

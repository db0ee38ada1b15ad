import { type Codec, isInteger, format, transform, uint16, uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import * as Linux from "../platform/linux.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * One payload that the kernel or the network card sends as several datagrams of one size. Linux 4.18 calls this GSO,
 * and Windows 10 2004 calls it USO.
 *
 * **Gotchas**
 *
 * The receiver gets one datagram for each segment. Linux refuses more than 128 segments (64 on older kernels) with
 * `EINVAL`. It refuses a segment above the MTU of the route with `EMSGSIZE`; a plain datagram would be fragmented. A
 * payload of one segment or less is a plain datagram.
 *
 * @see udp(7), UDP_SEGMENT; IPPROTO_UDP socket options of Winsock, UDP_SEND_MSG_SIZE
 * @category messages
 * @since 0.1.0
 */
export interface Segmentation extends ControlMessage<"segmentSize", Internet, "required", Capability<"segmentation">> {
  readonly sendable: {
    /** Bytes of payload in each datagram, 1 to 65535; the last has the rest. Absent: one datagram. Linux, Winsock. */
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
  // Linux: the message has two bytes, and any other size is EINVAL. The option of that number has four.
  send: { level: Linux.IPPROTO_UDP, type: Linux.UDP_SEGMENT, payload: sized(uint16) }
}
const winsock = {
  request: [],
  send: { level: Winsock.IPPROTO_UDP, type: Winsock.UDP_SEND_MSG_SIZE, payload: sized(uint32) }
}
const darwin = { unsupported: "macOS does not cut a payload into datagrams" }

/**
 * The definition of `Segmentation`. Only documentation supports the row of Winsock.
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

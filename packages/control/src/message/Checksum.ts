import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Sum that the kernel or the network card made of a datagram's payload. A program that forwards the payload can
 * continue with this sum. Linux, IPv4.
 *
 * @see ip(7), IP_CHECKSUM; RFC 1071
 * @category messages
 * @since 0.1.0
 */
export interface Checksum extends ControlMessage<"checksum", "ipv4", "optional", Capability<"checksum">> {
  readonly received: {
    /**
     * The ones' complement sum of the payload, in host byte order and not yet folded to 16 bits. Absent on loopback.
     * Also absent if the sender left the sum to a card that the datagram never reached. Linux.
     */
    readonly checksum: number
  }
}

const unsupported = { unsupported: "only Linux reports the checksum of a payload" }

/**
 * The definition of `Checksum`.
 *
 * @category messages
 * @since 0.1.0
 */
export const Checksum = define<Checksum>({
  key: "checksum",
  presence: "optional",
  table: {
    linux: {
      ipv4: {
        request: on(Linux.IPPROTO_IP, Linux.IP_CHECKSUM),
        receive: [{ level: Linux.IPPROTO_IP, type: Linux.IP_CHECKSUM, payload: uint32 }]
      }
    },
    winsock: { ipv4: unsupported },
    darwin: { ipv4: unsupported }
  }
})

import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * The sum that the kernel or the network card made of a datagram's payload, for programs that forward it and go on with the sum. Linux, IPv4.
 *
 * @see ip(7), IP_CHECKSUM; RFC 1071
 * @category messages
 * @since 0.1.0
 */
export interface Checksum extends ControlMessage<"checksum", "ipv4", "optional", Capability<"checksum">> {
  readonly received: {
    /**
     * The ones' complement sum of the payload as the kernel keeps it: in host order, not yet folded to 16 bits. Absent where nobody made one:
     * on loopback, and wherever the sender left it to a card that never was. Linux.
     */
    readonly checksum: number
  }
}

const unsupported = { unsupported: "only Linux tells the sum that it made of a payload" }

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

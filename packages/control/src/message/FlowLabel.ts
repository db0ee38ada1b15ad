import { type Codec, isInteger, format } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Flow label of the IPv6 header. Packets of one flow have the same label, so that routers keep them together. Linux.
 *
 * **Gotchas**
 *
 * Linux gives its own datagrams a label unless `IPV6_AUTOFLOWLABEL` is off. It replaces a label of 0, too. A socket of
 * the host can lease a label for its exclusive use (`IPV6_FLOWLABEL_MGR`). From then on the kernel refuses every label
 * that is not leased (`EINVAL`), on all sockets.
 *
 * @see RFC 6437; RFC 8200 section 7
 * @category messages
 * @since 0.1.0
 */
export interface FlowLabel extends ControlMessage<"flowLabel", "ipv6", "optional", Capability<"flowLabel">> {
  readonly received: {
    /** The flow label, 0 to 1048575. Absent if both it and the traffic class are 0. Linux. */
    readonly flowLabel: number
  }
  readonly sendable: {
    /** The flow label, 1 to 1048575. Absent: the kernel chooses one. Linux. */
    readonly flowLabel?: number | undefined
  }
}

/**
 * Twenty bits, big-endian. The eight bits above them are the traffic class on receiving, and are ignored on sending.
 */
const label: Codec<number> = {
  size: 4,
  read: (view, at) => view.getUint32(at) & 0xf_ffff,
  write: (view, at, value) => {
    view.setUint32(at, value)
    return 4
  },
  validate: (value) =>
    isInteger(value, 1, 0xf_ffff)
      ? undefined
      : `${format(value)} is not a flow label: an integer from 1 to 1048575 (0 is replaced by the kernel's own: leave it out)`
}

const unsupported = (system: string) => ({ unsupported: `${system} has no message for the flow label` })

/**
 * The definition of `FlowLabel`.
 *
 * @category messages
 * @since 0.1.0
 */
export const FlowLabel = define<FlowLabel>({
  key: "flowLabel",
  presence: "optional",
  table: {
    linux: {
      ipv6: {
        request: on(Linux.IPPROTO_IPV6, Linux.IPV6_FLOWINFO),
        receive: [{ level: Linux.IPPROTO_IPV6, type: Linux.IPV6_FLOWINFO, payload: label }],
        send: { level: Linux.IPPROTO_IPV6, type: Linux.IPV6_FLOWINFO, payload: label }
      }
    },
    winsock: { ipv6: unsupported("Windows") },
    darwin: { ipv6: unsupported("macOS") }
  }
})

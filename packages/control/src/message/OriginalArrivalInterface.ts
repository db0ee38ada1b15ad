import { uint32 } from "../Codec.ts"
import { type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import { on } from "../internal/on.ts"
import * as Winsock from "../platform/winsock.ts"

/**
 * Interface on which an IPv4 packet first arrived, before a tunnel (Teredo, 6to4, ISATAP) forwarded it. Windows 7,
 * Server 2008 R2 and later.
 *
 * @see the WSAMSG page; ws2ipdef.h, IP_ORIGINAL_ARRIVAL_IF
 * @category messages
 * @since 0.1.0
 */
export interface OriginalArrivalInterface extends ControlMessage<
  "originalArrivalInterface",
  "ipv4",
  "optional",
  Capability<"originalArrivalInterface">
> {
  readonly received: {
    /**
     * Index of the interface on which the packet first arrived; present if it came by a tunnel (Teredo, 6to4, ISATAP).
     * Winsock.
     */
    readonly originalArrivalInterface: number
  }
}

const tunnels = "only Windows reports the interface at which a tunnelled packet first arrived"

/**
 * The definition of `OriginalArrivalInterface`.
 *
 * @category messages
 * @since 0.1.0
 */
export const OriginalArrivalInterface = define<OriginalArrivalInterface>({
  key: "originalArrivalInterface",
  presence: "optional",
  table: {
    winsock: {
      ipv4: {
        request: on(Winsock.IPPROTO_IP, Winsock.IP_ORIGINAL_ARRIVAL_IF),
        receive: [{ level: Winsock.IPPROTO_IP, type: Winsock.IP_ORIGINAL_ARRIVAL_IF, payload: uint32 }]
      }
    },
    linux: { ipv4: { unsupported: tunnels } },
    darwin: { ipv4: { unsupported: tunnels } }
  }
})

import { type Capability, type ControlMessage, define, type Message, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { asksForStamps, type Stamps, stampsArrive } from "../internal/timestamping.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Linux from "../platform/linux.ts"

/**
 * When a datagram arrived, stamped by the kernel as soon as it saw it, by the network card before that, or by both. Linux.
 *
 * **Gotchas**
 *
 * Asked by `SO_TIMESTAMPING`, which never tells a time that is not the arrival's, and is silent instead: for what was queued before the
 * option was set, for what arrives in the first milliseconds after it (the host begins to stamp a little later), and where the card does not
 * stamp. `Timestamp` asks by `SO_TIMESTAMPNS`, which is always there and tells the time of reading in those cases.
 *
 * @see Documentation/networking/timestamping.rst of Linux
 * @category messages
 * @since 0.1.0
 */
export interface Timestamping extends ControlMessage<"timestamping", Internet, "optional", Capability<"timestamping">> {
  readonly received: {
    /**
     * When the datagram arrived, in nanoseconds: by the kernel's clock since 1970-01-01T00:00:00Z (`software`), by the card's own clock
     * (`hardware`). Absent where it was not stamped.
     */
    readonly timestamping: Stamps
  }
}

const unsupported = {
  winsock: { unsupported: "Windows stamps with its performance counter: declare withCounterTimestamp()" },
  darwin: { unsupported: "macOS has one stamp for each datagram: declare withTimestamp()" }
}

/**
 * `Timestamping` by the kernel (`software`), by the network card (`hardware`), or by both. The card's stamps want a driver that has them,
 * switched on for the interface (`SIOCSHWTSTAMP`, as `hwstamp_ctl` does).
 *
 * @category messages
 * @since 0.1.0
 */
export const timestamping = (options: {
  readonly software: boolean
  readonly hardware: boolean
}): Message<Timestamping> => {
  const stampers = optionsOf("timestamping", options)
  // Linux: one switch to have it stamped, another to be told; without the second the first is silent.
  const software = stampers.software ? Linux.SOF_TIMESTAMPING_RX_SOFTWARE | Linux.SOF_TIMESTAMPING_SOFTWARE : 0
  const hardware = stampers.hardware ? Linux.SOF_TIMESTAMPING_RX_HARDWARE | Linux.SOF_TIMESTAMPING_RAW_HARDWARE : 0
  const linux: Row<Stamps, never> = { request: asksForStamps(software | hardware), receive: stampsArrive }
  return define<Timestamping>({
    key: "timestamping",
    presence: "optional",
    table: {
      linux: { ipv4: linux, ipv6: linux },
      winsock: { ipv4: unsupported.winsock, ipv6: unsupported.winsock },
      darwin: { ipv4: unsupported.darwin, ipv6: unsupported.darwin }
    }
  })
}

/**
 * The definition of `Timestamping`, by the kernel.
 *
 * @category messages
 * @since 0.1.0
 */
export const Timestamping: Message<Timestamping> = timestamping({ software: true, hardware: false })

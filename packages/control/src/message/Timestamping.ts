import { type Capability, type ControlMessage, define, type Message, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { asksForStamps, type Stamps, stampsArrive } from "../internal/timestamping.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Arrival time of a datagram, stamped by the kernel, by the network card, or by both. The kernel stamps it as soon as
 * it receives it; the card stamps it before that. Linux.
 *
 * **Gotchas**
 *
 * `SO_TIMESTAMPING` requests it, and never reports a time other than that of the arrival. It is absent if the datagram
 * was queued before the option was set, or if the card does not stamp. It is also absent in the first milliseconds
 * after the option was set, because stamping starts a little later. `Timestamp` uses `SO_TIMESTAMPNS`, which is always
 * present and reports the time of the read in those cases.
 *
 * @see Documentation/networking/timestamping.rst of Linux
 * @category messages
 * @since 0.1.0
 */
export interface Timestamping extends ControlMessage<"timestamping", Internet, "optional", Capability<"timestamping">> {
  readonly received: {
    /**
     * Arrival time of the datagram, in nanoseconds. `software` is the kernel's clock since 1970-01-01T00:00:00Z, and
     * `hardware` is the card's own clock. Absent if it was not stamped.
     */
    readonly timestamping: Stamps
  }
}

const unsupported = {
  winsock: { unsupported: "Windows stamps with its performance counter: declare withCounterTimestamp()" },
  darwin: { unsupported: "macOS has one stamp for each datagram: declare withTimestamp()" }
}

/**
 * Makes `Timestamping` by the kernel (`software`), by the network card (`hardware`), or by both. The card's stamps
 * require a driver that supports them and an interface that has them enabled (`SIOCSHWTSTAMP`, as `hwstamp_ctl` does).
 *
 * @category messages
 * @since 0.1.0
 */
export const timestamping = (options: {
  readonly software: boolean
  readonly hardware: boolean
}): Message<Timestamping> => {
  const stampers = optionsOf("timestamping", options)
  // Linux: one switch makes the stamp, and another reports it. Without the second, no stamp is delivered.
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
 * The definition of `Timestamping`, stamped by the kernel.
 *
 * @category messages
 * @since 0.1.0
 */
export const Timestamping: Message<Timestamping> = timestamping({ software: true, hardware: false })

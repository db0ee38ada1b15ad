import { format, uint64 } from "../Codec.ts"
import { type Capability, type ControlMessage, define, type Message, type Row } from "../ControlMessage.ts"
import type { Internet } from "../Endpoint.ts"
import { optionsOf } from "../internal/optionsOf.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Clock of a transmit time. `monotonic` is the clock of the `fq` scheduler and requires no privilege. `tai` and
 * `realtime` (for `etf`) require CAP_NET_ADMIN.
 *
 * @category models
 * @since 0.1.0
 */
export type TransmitClock = "monotonic" | "tai" | "realtime"

/**
 * Time at which the kernel sends a datagram, in nanoseconds of the socket's clock. It is for pacing and time-triggered
 * sending. Linux (4.19).
 *
 * **Gotchas**
 *
 * The scheduler of the interface (`fq`, `etf`) delays the datagram. With any other scheduler, and on loopback, the
 * datagram leaves at once, without an error. A scheduler drops datagrams whose time is too far ahead (`fq`: 10 seconds)
 * or in the past (`etf`).
 *
 * @see socket(7), SO_TXTIME; tc-etf(8), tc-fq(8)
 * @category messages
 * @since 0.1.0
 */
export interface TransmitTime extends ControlMessage<"transmitTime", Internet, "required", Capability<"transmitTime">> {
  readonly sendable: {
    /** Time at which the datagram leaves, in nanoseconds of the declared clock. Absent: at once. Linux. */
    readonly transmitTime?: bigint | undefined
  }
}

/** `clockid_t` of Linux, equal on every architecture (linux/time.h). */
const clocks: { readonly [clock in TransmitClock]: number } = { realtime: 0, monotonic: 1, tai: 11 }

/** `struct sock_txtime`: a clock, and flags, all of them 0. */
const timed = (clock: TransmitClock): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setInt32(0, clocks[clock], true)
  return bytes
}

const unsupported = { unsupported: "only Linux sends at a time that is given" }

/**
 * Makes `TransmitTime` with the given clock. Throws a `TypeError` for a value that is not a `TransmitClock`.
 *
 * @category messages
 * @since 0.1.0
 */
export const transmitTime = (options: { readonly clock: TransmitClock }): Message<TransmitTime> => {
  const { clock } = optionsOf("transmitTime", options)
  if (typeof clock !== "string" || !Object.hasOwn(clocks, clock))
    throw new TypeError(`${format(clock)} is not a clock: give "monotonic", "tai" or "realtime".`)
  const linux: Row<never, bigint> = {
    request: [],
    send: {
      level: Linux.SOL_SOCKET,
      type: Linux.SO_TXTIME,
      payload: uint64,
      // Linux: without this option the message fails with EINVAL.
      request: [
        {
          level: Linux.SOL_SOCKET,
          option: Linux.SO_TXTIME,
          value: timed(clock),
          privilege: clock === "monotonic" ? undefined : "CAP_NET_ADMIN"
        }
      ]
    }
  }
  return define<TransmitTime>({
    key: "transmitTime",
    presence: "required",
    table: {
      linux: { ipv4: linux, ipv6: linux },
      winsock: { ipv4: unsupported, ipv6: unsupported },
      darwin: { ipv4: unsupported, ipv6: unsupported }
    }
  })
}

/**
 * The definition of `TransmitTime`, with the monotonic clock.
 *
 * @category messages
 * @since 0.1.0
 */
export const TransmitTime: Message<TransmitTime> = transmitTime({ clock: "monotonic" })

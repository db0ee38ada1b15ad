import { type ReceiveFormat, type Capability, type ControlMessage, define } from "../ControlMessage.ts"
import type { Family } from "../Endpoint.ts"
import { on } from "../internal/on.ts"
import { timespec32, timespec64 } from "../internal/timespec.ts"
import * as Darwin from "../platform/darwin.ts"
import * as Linux from "../platform/linux.ts"

/**
 * Time at which the kernel received a datagram, in nanoseconds since the epoch. Linux (nanosecond resolution) and macOS
 * (microseconds).
 *
 * **Gotchas**
 *
 * Linux uses `SO_TIMESTAMPNS` (before 5.1 its older number), which stamps every datagram but may be late. A datagram
 * has the time of its read if it was queued before the option was set. It also has that time if it arrived in the first
 * milliseconds after the option was set. `Timestamping` is absent instead.
 *
 * @see socket(7), SO_TIMESTAMPNS; getsockopt(2) of macOS, SO_TIMESTAMP
 * @category messages
 * @since 0.1.0
 */
export interface Timestamp extends ControlMessage<"timestamp", Family, "optional", Capability<"timestamp">> {
  readonly received: {
    /**
     * Time at which the kernel received the datagram, in nanoseconds since 1970-01-01T00:00:00Z. In the first
     * milliseconds after the option was set, Linux may report the time of the read instead.
     */
    readonly timestamp: bigint
  }
}

const timespec: ReceiveFormat<bigint>["payload"] = { size: 16, read: timespec64 }
/** Linux before 5.1: its fields have the width of `long`. */
const oldTimespec: ReceiveFormat<bigint>["payload"] = {
  size: { minimum: 8, maximum: 16 },
  read: (view, at, length) => {
    if (length === 16) return timespec64(view, at)
    return length === 8
      ? timespec32(view, at)
      : { malformed: `a time of ${length} bytes, which are not 8 or 16`, offset: at }
  }
}
/** `struct timeval` of macOS: seconds in 64 bits, microseconds in 32 bits, then padding. */
const timeval: ReceiveFormat<bigint>["payload"] = {
  size: 16,
  read: (view, at) => view.getBigInt64(at, true) * 1_000_000_000n + BigInt(view.getInt32(at + 8, true)) * 1000n
}

const linux = {
  request: [{ level: Linux.SOL_SOCKET, option: Linux.SO_TIMESTAMPNS_NEW, value: 1, instead: Linux.SO_TIMESTAMPNS_OLD }],
  // Linux: the number of the option decides the layout. The 64-bit layout (since 5.1) is equal on every architecture.
  receive: [
    { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPNS_NEW, payload: timespec },
    { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPNS_OLD, payload: oldTimespec }
  ]
}
const darwin = {
  request: on(Darwin.SOL_SOCKET, Darwin.SO_TIMESTAMP),
  receive: [{ level: Darwin.SOL_SOCKET, type: Darwin.SCM_TIMESTAMP, payload: timeval }]
}
const winsock = {
  unsupported: "Windows stamps with its performance counter, which is no time of day: declare withCounterTimestamp()"
}

/**
 * The definition of `Timestamp`.
 *
 * @category messages
 * @since 0.1.0
 */
export const Timestamp = define<Timestamp>({
  key: "timestamp",
  presence: "optional",
  table: {
    linux: { ipv4: linux, ipv6: linux, unix: linux },
    darwin: { ipv4: darwin, ipv6: darwin, unix: darwin },
    winsock: { ipv4: winsock, ipv6: winsock, unix: winsock }
  }
})

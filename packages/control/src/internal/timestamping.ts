/**
 * Linux's `SO_TIMESTAMPING`: one option of switches for stamps on arrival and on departure, and one shape of what it tells, for the messages
 * that ask by it.
 */
import type { ReceiveFormat, Request } from "../ControlMessage.ts"
import * as Linux from "../platform/linux.ts"
import { timespec32, timespec64 } from "./timespec.ts"

/**
 * When a datagram was stamped, in nanoseconds: by the kernel's clock since 1970-01-01T00:00:00Z, by the network card's own clock, or by both.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stamps {
  readonly software: bigint | undefined
  readonly hardware: bigint | undefined
}

/** Asks for these switches beside those that other messages ask for; Linux before 5.1 by the older number. */
export const asksForStamps = (switches: number): ReadonlyArray<Request> => [
  {
    level: Linux.SOL_SOCKET,
    option: Linux.SO_TIMESTAMPING_NEW,
    value: switches,
    flags: true,
    instead: Linux.SO_TIMESTAMPING_OLD
  }
]

/** A stamp that was not taken is zero. */
const taken = (nanoseconds: bigint): bigint | undefined => (nanoseconds === 0n ? undefined : nanoseconds)

/** `struct scm_timestamping64`: the second of its three stamps is no longer filled. */
const stamps: ReceiveFormat<Stamps>["payload"] = {
  size: 48,
  read: (view, at) => ({ software: taken(timespec64(view, at)), hardware: taken(timespec64(view, at + 32)) })
}

/** `struct scm_timestamping` of Linux before 5.1: its times are as wide as `long`. */
const oldStamps: ReceiveFormat<Stamps>["payload"] = {
  size: { minimum: 24, maximum: 48 },
  read: (view, at, length) => {
    if (length === 48) return stamps.read(view, at, length)
    return length === 24
      ? { software: taken(timespec32(view, at)), hardware: taken(timespec32(view, at + 16)) }
      : { malformed: `stamps of ${length} bytes, which are not 24 or 48`, offset: at }
  }
}

/** How the stamps arrive. The option's number decides the layout; that of the first (since 5.1) is the same on every architecture. */
export const stampsArrive: ReadonlyArray<ReceiveFormat<Stamps>> = [
  { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPING_NEW, payload: stamps },
  { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPING_OLD, payload: oldStamps }
]

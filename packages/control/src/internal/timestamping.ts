/**
 * Linux's `SO_TIMESTAMPING`, for the messages that request stamps with it. One option holds the flags for received and
 * sent datagrams, and all stamps have one structure.
 */
import type { ReceiveFormat, Request } from "../ControlMessage.ts"
import * as Linux from "../platform/linux.ts"
import { timespec32, timespec64 } from "./timespec.ts"

/**
 * Time of a stamp, in nanoseconds. `software` is the kernel's clock since 1970-01-01T00:00:00Z, and `hardware` is the
 * network card's own clock.
 *
 * @category models
 * @since 0.1.0
 */
export interface Stamps {
  readonly software: bigint | undefined
  readonly hardware: bigint | undefined
}

/** Requests these flags together with those of other messages. Linux before 5.1 uses the older number. */
export const asksForStamps = (switches: number): ReadonlyArray<Request> => [
  {
    level: Linux.SOL_SOCKET,
    option: Linux.SO_TIMESTAMPING_NEW,
    value: switches,
    flags: true,
    instead: Linux.SO_TIMESTAMPING_OLD
  }
]

/** Returns `undefined` for zero, because a missing stamp is zero. */
const taken = (nanoseconds: bigint): bigint | undefined => (nanoseconds === 0n ? undefined : nanoseconds)

/** `struct scm_timestamping64`: the kernel no longer fills the second of its three stamps. */
const stamps: ReceiveFormat<Stamps>["payload"] = {
  size: 48,
  read: (view, at) => ({ software: taken(timespec64(view, at)), hardware: taken(timespec64(view, at + 32)) })
}

/** `struct scm_timestamping` of Linux before 5.1: its fields have the width of `long`. */
const oldStamps: ReceiveFormat<Stamps>["payload"] = {
  size: { minimum: 24, maximum: 48 },
  read: (view, at, length) => {
    if (length === 48) return stamps.read(view, at, length)
    return length === 24
      ? { software: taken(timespec32(view, at)), hardware: taken(timespec32(view, at + 16)) }
      : { malformed: `stamps of ${length} bytes, which are not 24 or 48`, offset: at }
  }
}

/**
 * Receive formats of the stamps. The number of the option decides the layout. The layout of the first (since 5.1) is
 * equal on every architecture.
 */
export const stampsArrive: ReadonlyArray<ReceiveFormat<Stamps>> = [
  { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPING_NEW, payload: stamps },
  { level: Linux.SOL_SOCKET, type: Linux.SO_TIMESTAMPING_OLD, payload: oldStamps }
]

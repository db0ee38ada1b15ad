/**
 * Linux's `SO_TIMESTAMPING`: one option of switches for stamps on arrival and on departure, and one shape of what it tells, for the messages
 * that ask by it.
 */
import type { Arrival, Request } from "../ControlMessage.ts"
import * as Linux from "../platform/linux.ts"

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

/** Asks for these switches beside those that other messages ask for. */
export const asksForStamps = (switches: number): ReadonlyArray<Request> => [
  { level: Linux.SOL_SOCKET, option: Linux.SO_TIMESTAMPING_NEW, value: switches, flags: true }
]

/** `struct timespec` of 64 bits. A stamp that was not taken is zero. */
const stamp = (view: DataView, at: number): bigint | undefined => {
  const nanoseconds = view.getBigInt64(at, true) * 1_000_000_000n + view.getBigInt64(at + 8, true)
  return nanoseconds === 0n ? undefined : nanoseconds
}

/** `struct scm_timestamping64`: the second of its three stamps is no longer filled. */
const stamps: Arrival<Stamps>["payload"] = {
  size: 48,
  read: (view, at) => ({ software: stamp(view, at), hardware: stamp(view, at + 32) })
}

/** How the stamps arrive. The number that asks says the shape; this one is of 64 bits on every architecture (Linux 5.1). */
export const stampsArrive: Arrival<Stamps> = {
  level: Linux.SOL_SOCKET,
  type: Linux.SO_TIMESTAMPING_NEW,
  payload: stamps
}

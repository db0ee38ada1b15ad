/** Reads the peers that a program names for the limits of its server. */
import { endpoint, type Endpoint, type Internet, Codec } from "@ancillary/control"
import type { Guard } from "./guard.ts"

/**
 * Marks a peer as validated. It does nothing without limits, or if the value is not a peer.
 *
 * @category servers
 * @since 0.1.0
 */
export const validatePeer = (guard: Guard | undefined, peer: unknown): void => {
  const read = readPeer(peer)
  if (read !== undefined) guard?.validate(read)
}

/**
 * Returns the bytes that may be sent to a peer now, `Infinity` without limits, or if the value is not a peer.
 *
 * @category servers
 * @since 0.1.0
 */
export const allowanceOf = (guard: Guard | undefined, peer: unknown): number => {
  const read = readPeer(peer)
  return read === undefined || guard === undefined ? Infinity : guard.allowance(read)
}

const readPeer = (peer: unknown): Endpoint<Internet> | undefined => {
  // Every object of the right shape is a peer of a dual socket. The function returns the reason for any other value.
  const read = endpoint("dual", peer as Endpoint<"dual">)
  return Codec.isMalformed(read) ? undefined : read
}

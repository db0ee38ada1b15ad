/** Boxes in the way: they look at packets that a router forwards, and change or drop them. */
import type { Address } from "./address.ts"
import type { Device } from "./ip/device.ts"
import type { Packet } from "./ip/packet.ts"

/** Parts of its router that a box needs. */
export interface BoxContext {
  readonly now: () => bigint
}

/** One box of a router. */
export interface Box {
  /** Decides about a packet that is forwarded. Returns the packet, changed or not, nothing to drop it, or `prohibited` to report that to its sender. */
  readonly passes: (packet: Packet, from: Device, to: Device) => Packet | "prohibited" | undefined
  /** Returns the packet that is forwarded in place of one to an address of the router itself, or nothing. */
  readonly arrives?: ((packet: Packet, from: Device) => Packet | undefined) | undefined
}

/**
 * A kind of box, for `host.use`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Middlebox {
  /** @internal */
  readonly box: (context: BoxContext) => Box
}

/** The two ends of a datagram. */
export interface Flow {
  readonly source: Address
  readonly sourcePort: number
  readonly destination: Address
  readonly destinationPort: number
}

/** Boxes in the way: they look at packets that a router forwards, and change or drop them. */
import type { Address } from "./address.ts"
import type { Device } from "./ip/device.ts"
import { echoTypes, icmpOf } from "./ip/icmp.ts"
import { type Packet, portsOf, protocols, udpHeaderSize } from "./ip/packet.ts"

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
  /**
   * Name of the router's interface to the world.
   * @internal
   */
  readonly outside: string
}

/** The two ends of a datagram, or of a ping: it has an identifier in place of the port of its sender, and the other port is 0. */
export interface Flow {
  readonly protocol: number
  readonly source: Address
  readonly sourcePort: number
  readonly destination: Address
  readonly destinationPort: number
}

/** Finds the ends of a packet or of a quoted one. Errors, fragments behind the first and other protocols have none. */
export const flowOf = ({
  body,
  destination,
  protocol,
  source
}: Pick<Packet, "body" | "destination" | "protocol" | "source">): Flow | undefined => {
  if (body.length < udpHeaderSize) return undefined
  const ends = { protocol, source, destination }
  if (protocol === protocols.udp) {
    const ports = portsOf(body)
    return { ...ends, sourcePort: ports.source, destinationPort: ports.destination }
  }
  const { reply, request } = echoTypes[source.family]
  if (protocol !== icmpOf[source.family] || (body[0] !== request && body[0] !== reply)) return undefined
  const identifier = new DataView(body.buffer, body.byteOffset).getUint16(echoIdentifier)
  return body[0] === request
    ? { ...ends, sourcePort: identifier, destinationPort: 0 }
    : { ...ends, sourcePort: 0, destinationPort: identifier }
}

/** The flow of the answer. */
export const turned = ({ destination, destinationPort, protocol, source, sourcePort }: Flow): Flow => ({
  protocol,
  source: destination,
  sourcePort: destinationPort,
  destination: source,
  destinationPort: sourcePort
})

/** Offset of the identifier in an echo request or reply (RFC 792, RFC 4443). */
export const echoIdentifier = 4

/** Network address translation of UDP, of each kind that RFC 4787 describes. */
import { type Address, type Family, isOfInterface, keyOf } from "./address.ts"
import { fromMilliseconds } from "./clock.ts"
import { plainChecksum } from "./ip/checksum.ts"
import type { Device } from "./ip/device.ts"
import { icmpHeaderSize, icmpOf, readError, sealed } from "./ip/icmp.ts"
import { type Packet, portsOf, protocols, udpBody, udpHeaderSize } from "./ip/packet.ts"
import { parse } from "./ip/wire.ts"
import type { Box, BoxContext, Flow, Middlebox } from "./middlebox.ts"

/**
 * How much of the peer counts: nothing, its address, or its address and port (RFC 4787, sections 4.1 and 5).
 *
 * @category models
 * @since 0.1.0
 */
export type NatDependence = "endpoint-independent" | "address-dependent" | "address-and-port-dependent"

/**
 * Settings of a NAT.
 *
 * @category models
 * @since 0.1.0
 */
export interface NatOptions {
  /** Name of the router's interface to the world. Its first address of a family is the source of all that leaves by it. */
  readonly outside: string
  /**
   * Families that are translated; the other is routed. Default `ipv4`, because RFC 4787 is about IPv4 and most networks route IPv6. With `ipv6` it is
   * the address and port translation that no RFC describes and Linux has (`MASQUERADE` of ip6tables). RFC 6296 is `prefixTranslation`.
   */
  readonly families?: ReadonlyArray<"ipv4" | "ipv6"> | undefined
  /** Peers for which a host keeps the same outer port. Default `endpoint-independent`. */
  readonly mapping?: NatDependence | undefined
  /** Peers from which an outer port receives: all, those that the host has sent to, or only from the port that it has sent to. Default `address-and-port-dependent`. */
  readonly filtering?: NatDependence | undefined
  /** Milliseconds without a datagram from inside after which a port is free again. Default 300,000, as RFC 4787 recommends. */
  readonly timeout?: number | undefined
}

interface Mapping {
  readonly inner: Address
  readonly innerPort: number
  readonly outerPort: number
  /** Peers that the host has sent to, by their address, and by address and port. */
  readonly peers: Set<string>
  until: bigint
}

const firstPort = 49_152
const lastPort = 65_535

const peerKey = (dependence: NatDependence, address: Address, port: number): string => {
  if (dependence === "endpoint-independent") return ""
  return dependence === "address-dependent" ? keyOf(address) : `${keyOf(address)} ${port}`
}

class Nat implements Box {
  readonly #outside: string
  readonly #families: ReadonlyArray<Family>
  readonly #mapping: NatDependence
  readonly #filtering: NatDependence
  readonly #timeout: bigint
  readonly #now: () => bigint
  #mappings: Array<Mapping & { readonly key: string }> = []

  constructor(options: NatOptions, { now }: BoxContext) {
    this.#outside = options.outside
    this.#families = options.families ?? ["ipv4"]
    this.#mapping = options.mapping ?? "endpoint-independent"
    this.#filtering = options.filtering ?? "address-and-port-dependent"
    this.#timeout = fromMilliseconds(options.timeout ?? 300_000)
    this.#now = now
  }

  passes(packet: Packet, from: Device, to: Device): Packet | undefined {
    if (!this.#families.includes(packet.family)) return packet
    // The world does not know inner addresses.
    if (to.name !== this.#outside)
      return from.name === this.#outside && !this.#translated.has(packet) ? undefined : packet
    const outer = to.of(packet.family).find(({ address }) => !isOfInterface(address))?.address
    const flow = flowOf(packet)
    if (outer === undefined || flow === undefined) return undefined
    const mapping = this.#mapped(flow)
    if (mapping === undefined) return undefined
    mapping.until = this.#now() + this.#timeout
    mapping.peers.add(peerKey(this.#filtering, flow.destination, flow.destinationPort))
    return readdressed(packet, { ...flow, source: outer, sourcePort: mapping.outerPort })
  }

  /** Packets that came in by a mapping. */
  readonly #translated = new WeakSet<Packet>()

  arrives(packet: Packet, from: Device): Packet | undefined {
    if (!this.#families.includes(packet.family) || from.name !== this.#outside) return undefined
    const error = packet.protocol === icmpOf[packet.family] ? this.#reported(packet) : undefined
    if (error !== undefined) return this.#admitted(error)
    const flow = flowOf(packet)
    const mapping =
      flow === undefined ? undefined : this.#find(packet.family, (each) => each.outerPort === flow.destinationPort)
    if (flow === undefined || mapping === undefined) return undefined
    if (!mapping.peers.has(peerKey(this.#filtering, flow.source, flow.sourcePort))) return undefined
    return this.#admitted(
      readdressed(packet, { ...flow, destination: mapping.inner, destinationPort: mapping.innerPort })
    )
  }

  #admitted(packet: Packet): Packet {
    this.#translated.add(packet)
    return packet
  }

  #live(): ReadonlyArray<Mapping & { readonly key: string }> {
    const now = this.#now()
    this.#mappings = this.#mappings.filter(({ until }) => until > now)
    return this.#mappings
  }

  #find(family: Family, is: (mapping: Mapping) => boolean): Mapping | undefined {
    return this.#live().find((each) => each.inner.family === family && is(each))
  }

  #mapped(flow: Flow): Mapping | undefined {
    const inner = `${keyOf(flow.source)} ${flow.sourcePort}`
    const key = `${inner} ${peerKey(this.#mapping, flow.destination, flow.destinationPort)}`
    const live = this.#live()
    const known = live.find((each) => each.key === key)
    if (known !== undefined) return known
    const { family } = flow.source
    const isFree = (port: number) => !live.some((each) => each.inner.family === family && each.outerPort === port)
    let outerPort = flow.sourcePort
    for (let port = firstPort; !isFree(outerPort); port++) {
      if (port > lastPort) return undefined
      outerPort = port
    }
    const peers = new Set<string>()
    const made = { key, inner: flow.source, innerPort: flow.sourcePort, outerPort, peers, until: 0n }
    this.#mappings.push(made)
    return made
  }

  /** An error about a translated datagram, for the host that sent it. */
  #reported(packet: Packet): Packet | undefined {
    const quotation = readError(packet.family, packet.body)?.quoted ?? new Uint8Array(0)
    const quoted = parse(quotation)
    if (quoted === undefined || quoted.protocol !== protocols.udp || quoted.body.length < udpHeaderSize)
      return undefined
    const { source: port } = portsOf(quoted.body)
    const mapping = this.#find(packet.family, ({ outerPort }) => outerPort === port)
    if (mapping === undefined) return undefined
    const body = packet.body.slice()
    const inner = body.subarray(icmpHeaderSize)
    writeSource(inner, mapping.inner)
    const header = quotation.length - quoted.body.length
    new DataView(inner.buffer, inner.byteOffset).setUint16(header, mapping.innerPort)
    const onward = { ...packet, destination: mapping.inner }
    return { ...onward, body: sealed(body, onward) }
  }
}

/** Writes the source into a quoted packet. */
const writeSource = (quoted: Uint8Array, source: Address): void => {
  const view = new DataView(quoted.buffer, quoted.byteOffset, quoted.byteLength)
  if (source.family === "ipv6") {
    for (const [i, word] of [source.a, source.b, source.c, source.d].entries()) view.setUint32(8 + 4 * i, word)
    return
  }
  view.setUint32(12, source.value)
  view.setUint16(10, 0)
  view.setUint16(10, plainChecksum(quoted.subarray(0, (view.getUint8(0) & 0xf) * 4)))
}

/** The ends of a datagram. A fragment has none, and is dropped. */
const flowOf = ({ body, destination, fragment, protocol, source }: Packet): Flow | undefined => {
  if (protocol !== protocols.udp || fragment !== undefined || body.length < udpHeaderSize) return undefined
  const ports = portsOf(body)
  return { source, sourcePort: ports.source, destination, destinationPort: ports.destination }
}

const readdressed = (packet: Packet, flow: Flow): Packet => {
  const { destination, destinationPort, source, sourcePort } = flow
  const data = packet.body.subarray(udpHeaderSize)
  return { ...packet, source, destination, body: udpBody(flow, sourcePort, destinationPort, data) }
}

/**
 * Makes a NAT for `host.use`: UDP, with the errors about it. It drops fragments, and has no hairpins: hosts inside do not reach each
 * other by the outer address.
 *
 * @category middleboxes
 * @since 0.1.0
 */
export const nat = (options: NatOptions): Middlebox => ({ box: (context) => new Nat(options, context) })

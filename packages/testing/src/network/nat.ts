/** Network address translation of UDP, of each kind that RFC 4787 describes, and of pings (RFC 5508). */
import { type Address, type Family, isOfInterface, isSame, keyOf, widths } from "./address.ts"
import { fromMilliseconds } from "./clock.ts"
import { oneOf, within } from "./faults.ts"
import { plainChecksum } from "./ip/checksum.ts"
import type { Device } from "./ip/device.ts"
import { icmpHeaderSize, icmpOf, readError, sealed } from "./ip/icmp.ts"
import { noBytes, type Packet, protocols, udpBody, udpHeaderSize } from "./ip/packet.ts"
import { parse } from "./ip/wire.ts"
import { type Box, type BoxContext, echoIdentifier, type Flow, flowOf, type Middlebox, turned } from "./middlebox.ts"

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
  readonly key: string
  readonly protocol: number
  readonly inner: Address
  /** Port, or identifier of pings. */
  readonly innerPort: number
  readonly outerPort: number
  /** Peers that the host has sent to, by their address, and by address and port. */
  readonly peers: Set<string>
  until: bigint
}

const dependences: ReadonlyArray<NatDependence> = [
  "endpoint-independent",
  "address-dependent",
  "address-and-port-dependent"
]

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
  #mappings: Array<Mapping> = []

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
    if (outer === undefined) return undefined
    if (isErrorOf(packet)) return this.#reporting(packet, outer)
    const flow = flowOf(packet)
    const mapping = flow === undefined ? undefined : this.#mapped(flow)
    if (flow === undefined || mapping === undefined) return undefined
    mapping.until = this.#now() + this.#timeout
    mapping.peers.add(peerKey(this.#filtering, flow.destination, flow.destinationPort))
    return readdressed(packet, { ...flow, source: outer, sourcePort: mapping.outerPort })
  }

  /** Packets that came in by a mapping. */
  readonly #translated = new WeakSet<Packet>()

  arrives(packet: Packet, from: Device): Packet | undefined {
    if (!this.#families.includes(packet.family) || from.name !== this.#outside) return undefined
    if (isErrorOf(packet)) return this.#reported(packet)
    const flow = flowOf(packet)
    const mapping =
      flow === undefined
        ? undefined
        : this.#find(
            ({ inner, outerPort, protocol }) =>
              protocol === flow.protocol && inner.family === packet.family && outerPort === flow.destinationPort
          )
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

  #live(): ReadonlyArray<Mapping> {
    const now = this.#now()
    this.#mappings = this.#mappings.filter(({ until }) => until > now)
    return this.#mappings
  }

  #find(is: (mapping: Mapping) => boolean): Mapping | undefined {
    return this.#live().find(is)
  }

  #keyOf({ destination, destinationPort, protocol, source, sourcePort }: Flow): string {
    return `${protocol} ${keyOf(source)} ${sourcePort} ${peerKey(this.#mapping, destination, destinationPort)}`
  }

  #mapped(flow: Flow): Mapping | undefined {
    const { protocol, source: inner, sourcePort: innerPort } = flow
    // The reply to a ping from outside, which no mapping let in.
    if (protocol !== protocols.udp && flow.destinationPort !== 0) return undefined
    const key = this.#keyOf(flow)
    const live = this.#live()
    const known = live.find((each) => each.key === key)
    if (known !== undefined) return known
    const isFree = (port: number) =>
      !live.some((each) => each.protocol === protocol && each.inner.family === inner.family && each.outerPort === port)
    let outerPort = innerPort
    for (let port = firstPort; !isFree(outerPort); port++) {
      if (port > lastPort) return undefined
      outerPort = port
    }
    const made = { key, protocol, inner, innerPort, outerPort, peers: new Set<string>(), until: 0n }
    this.#mappings.push(made)
    return made
  }

  /** An error from outside about a translated packet, for the host that sent it. */
  #reported(packet: Packet): Packet | undefined {
    const about = quotedFlow(packet)
    if (about === undefined) return undefined
    const mapping = this.#find(
      ({ inner, outerPort, protocol }) =>
        protocol === about.protocol && inner.family === packet.family && outerPort === about.sourcePort
    )
    if (mapping === undefined) return undefined
    const { inner, innerPort } = mapping
    return this.#admitted(requoted({ ...packet, destination: inner }, "source", inner, innerPort))
  }

  /** An error from inside about a packet that came in by a mapping, for the peer that sent it (RFC 5508, section 4.2). */
  #reporting(packet: Packet, outer: Address): Packet | undefined {
    const about = quotedFlow(packet)
    if (about === undefined) return undefined
    const { destination: inner, destinationPort: innerPort, protocol } = about
    const own = this.#live().filter(
      (each) => each.protocol === protocol && each.innerPort === innerPort && isSame(each.inner, inner)
    )
    // If the outer port depends on the peer, there are several.
    const key = this.#keyOf(turned(about))
    const mapping = own.find((each) => each.key === key) ?? own[0]
    return mapping === undefined
      ? undefined
      : requoted({ ...packet, source: outer }, "destination", outer, mapping.outerPort)
  }
}

const isErrorOf = ({ body, family, protocol }: Packet): boolean =>
  protocol === icmpOf[family] && readError(family, body) !== undefined

const quotationOf = ({ body, family }: Packet): Uint8Array => readError(family, body)?.quoted ?? noBytes

const quotedFlow = (packet: Packet): Flow | undefined => {
  const quoted = parse(quotationOf(packet))
  return quoted === undefined ? undefined : flowOf(quoted)
}

/** Replaces one end of the packet that an error quotes. */
const requoted = (packet: Packet, end: "source" | "destination", address: Address, port: number): Packet => {
  const body = packet.body.slice()
  const quotation = body.subarray(icmpHeaderSize)
  const quoted = parse(quotation)
  if (quoted === undefined) return packet
  const view = new DataView(quotation.buffer, quotation.byteOffset, quotation.byteLength)
  const header = quotation.length - quoted.body.length
  const portAt = quoted.protocol !== protocols.udp ? echoIdentifier : end === "source" ? 0 : 2
  view.setUint16(header + portAt, port)
  if (address.family === "ipv6") {
    const at = end === "source" ? 8 : 24
    for (const [i, word] of [address.a, address.b, address.c, address.d].entries()) view.setUint32(at + 4 * i, word)
  } else {
    view.setUint32(end === "source" ? 12 : 16, address.value)
    view.setUint16(10, 0)
    view.setUint16(10, plainChecksum(quotation.subarray(0, (view.getUint8(0) & 0xf) * 4)))
  }
  return { ...packet, body: sealed(body, packet) }
}

const readdressed = (packet: Packet, flow: Flow): Packet => {
  const { destination, destinationPort, protocol, source, sourcePort } = flow
  const ends = { ...packet, source, destination }
  if (protocol === protocols.udp)
    return { ...ends, body: udpBody(flow, sourcePort, destinationPort, packet.body.subarray(udpHeaderSize)) }
  const body = packet.body.slice()
  new DataView(body.buffer).setUint16(echoIdentifier, sourcePort === 0 ? destinationPort : sourcePort)
  return { ...ends, body: sealed(body, ends) }
}

/**
 * Makes a NAT for `host.use`: UDP and pings, with the errors about them. It has no hairpins: hosts inside do not reach each other by the outer
 * address.
 *
 * @category middleboxes
 * @since 0.1.0
 */
export const nat = (options: NatOptions): Middlebox => {
  const { families = [], filtering, mapping, outside, timeout } = options
  for (const family of families) oneOf("families", family, Object.keys(widths))
  if (mapping !== undefined) oneOf("mapping", mapping, dependences)
  if (filtering !== undefined) oneOf("filtering", filtering, dependences)
  within("timeout", timeout, Number.MAX_VALUE)
  return { outside, box: (context) => new Nat(options, context) }
}

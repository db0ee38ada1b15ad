/** The information about a datagram that a listener of `message` gets. */
import { type Endpoint, type Family, Ipv4Address, type PacketInfo } from "@ancillary/control"
import type { ReceivedDatagram } from "@ancillary/engine/socket"
import type { Addresses, Type } from "./addresses.ts"

type Control = ReceivedDatagram["control"]

/**
 * Explicit congestion notification: the two low bits of the traffic class.
 *
 * @category models
 * @since 0.1.0
 */
export type Ecn = "not-ect" | "ect0" | "ect1" | "ce"

const codepoints: ReadonlyArray<Ecn> = ["not-ect", "ect1", "ect0", "ce"]

/**
 * The sender of a datagram, and how the datagram arrived. Its own keys are those of `node:dgram`; the others are read from what the kernel reported
 * when they are asked for, and are `undefined` if it did not report them.
 *
 * @category models
 * @since 0.1.0
 */
export class RemoteInfo {
  /** Address of the sender. */
  address: string
  /** Family of the socket. */
  family: "IPv4" | "IPv6"
  /** Port of the sender, 0 to 65535. */
  port: number
  /** Bytes of the payload. */
  size: number

  readonly #datagram: ReceivedDatagram
  readonly #addresses: Addresses
  readonly #type: Type

  constructor(address: string, type: Type, port: number, datagram: ReceivedDatagram, addresses: Addresses) {
    this.address = address
    this.family = type === "udp4" ? "IPv4" : "IPv6"
    this.port = port
    this.size = datagram.data.length
    this.#datagram = datagram
    this.#addresses = addresses
    this.#type = type
  }

  get #control(): Control {
    return this.#datagram.control
  }

  get #packet(): PacketInfo<"dual"> | undefined {
    return this.#control["pktInfo"] as PacketInfo<"dual"> | undefined
  }

  /** Destination address of the datagram: an address of this host, a group or a broadcast address. */
  get localAddress(): string | undefined {
    const packet = this.#packet
    return packet === undefined ? undefined : this.#addresses.text(this.#type, packet.destination)
  }

  /** Index of the interface on which the datagram arrived, from 1. */
  get interfaceIndex(): number | undefined {
    const index = this.#packet?.interfaceIndex
    return index === 0 ? undefined : index
  }

  /** Name of the interface on which the datagram arrived. */
  get interfaceName(): string | undefined {
    const index = this.interfaceIndex
    return index === undefined ? undefined : this.#addresses.nameOf(index)
  }

  /** Routers that the datagram could still have crossed, 0 to 255. */
  get hopLimit(): number | undefined {
    return this.#control["hopLimit"] as number | undefined
  }

  /** The traffic class byte (TOS), 0 to 255. */
  get trafficClass(): number | undefined {
    return this.#control["trafficClass"] as number | undefined
  }

  /** Differentiated services codepoint, 0 to 63. */
  get dscp(): number | undefined {
    const byte = this.trafficClass
    return byte === undefined ? undefined : byte >>> 2
  }

  /** Explicit congestion notification. */
  get ecn(): Ecn | undefined {
    const byte = this.trafficClass
    return byte === undefined ? undefined : codepoints[byte & 3]
  }

  /** Whether the datagram was sent to this host, to a group or to a broadcast address. */
  get delivery(): "unicast" | "multicast" | "broadcast" | "unknown" {
    return this.#datagram.delivery
  }

  /** When the kernel received the datagram, in nanoseconds since the epoch. Linux and macOS. */
  get timestamp(): bigint | undefined {
    return this.#control["timestamp"] as bigint | undefined
  }

  /** The sender, as the engine has it. */
  static from(info: RemoteInfo): Endpoint<Family> {
    return info.#datagram.from
  }

  /** The source of a reply to the datagram: the address and the interface at which it arrived. */
  static source(info: RemoteInfo): { readonly source?: string; readonly interfaceIndex?: number } | undefined {
    const packet = info.#packet
    if (packet === undefined) return undefined
    const { destination, interfaceIndex, local } = packet
    const own = info.delivery === "unicast" ? destination : local
    const isPlain = own instanceof Ipv4Address || own?.zone === 0
    return {
      ...(own === undefined ? {} : { source: String(isPlain ? own : own.withZone(0)) }),
      ...(interfaceIndex === 0 ? {} : { interfaceIndex })
    }
  }
}

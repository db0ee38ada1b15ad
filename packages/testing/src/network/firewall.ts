/** A firewall that knows conversations: what the inner hosts began may be answered. */
import { keyOf } from "./address.ts"
import { fromMilliseconds } from "./clock.ts"
import type { Device } from "./ip/device.ts"
import { readError } from "./ip/icmp.ts"
import { type Packet, portsOf, protocols, udpHeaderSize } from "./ip/packet.ts"
import { parse } from "./ip/wire.ts"
import type { Box, BoxContext, Middlebox } from "./middlebox.ts"

/**
 * Settings of a firewall.
 *
 * @category models
 * @since 0.1.0
 */
export interface FirewallOptions {
  /** Name of the router's interface to the world. */
  readonly outside: string
  /** Milliseconds without a datagram from inside after which a conversation is over. Default 30,000, as Linux has it for UDP. */
  readonly timeout?: number | undefined
  /** Whether a refused datagram is reported to its sender by ICMP. By default it is dropped. */
  readonly reports?: boolean | undefined
}

/** Both ends of a conversation, as its first datagram has them. */
const conversation = (source: Packet["source"], from: number, destination: Packet["destination"], to: number): string =>
  `${keyOf(source)} ${from} ${keyOf(destination)} ${to}`

class Firewall implements Box {
  readonly #options: FirewallOptions
  readonly #timeout: bigint
  readonly #now: () => bigint
  readonly #until = new Map<string, bigint>()

  constructor(options: FirewallOptions, { now }: BoxContext) {
    this.#options = options
    this.#timeout = fromMilliseconds(options.timeout ?? 30_000)
    this.#now = now
  }

  passes(packet: Packet, from: Device, to: Device): Packet | "prohibited" | undefined {
    const { outside, reports = false } = this.#options
    const { body, destination, fragment, protocol, source } = packet
    const isUdp = protocol === protocols.udp && body.length >= udpHeaderSize
    // Fragments behind the first have no ports. Without the first they are nothing.
    if (fragment !== undefined && fragment.offset > 0) return packet
    if (to.name === outside) {
      if (isUdp) {
        const ports = portsOf(body)
        const key = conversation(source, ports.source, destination, ports.destination)
        this.#until.set(key, this.#now() + this.#timeout)
      }
      return packet
    }
    if (from.name !== outside || this.#isAnswer(packet)) return packet
    return reports ? "prohibited" : undefined
  }

  /** True for an answer, and for an error about a datagram from inside. */
  #isAnswer({ body, destination, family, protocol, source }: Packet): boolean {
    if (protocol === protocols.udp) {
      const ports = portsOf(body)
      return this.#isOpen(conversation(destination, ports.destination, source, ports.source))
    }
    const quoted = parse(readError(family, body)?.quoted ?? new Uint8Array(0))
    if (quoted === undefined || quoted.body.length < udpHeaderSize) return false
    const ports = portsOf(quoted.body)
    return this.#isOpen(conversation(quoted.source, ports.source, quoted.destination, ports.destination))
  }

  #isOpen(key: string): boolean {
    return (this.#until.get(key) ?? 0n) > this.#now()
  }
}

/**
 * Makes a firewall for `host.use`. It lets everything out, and in only answers to what went out, and errors about it.
 *
 * @category middleboxes
 * @since 0.1.0
 */
export const firewall = (options: FirewallOptions): Middlebox => ({ box: (context) => new Firewall(options, context) })

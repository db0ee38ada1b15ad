/** A firewall that knows conversations: what the inner hosts began may be answered. */
import { keyOf } from "./address.ts"
import { fromMilliseconds } from "./clock.ts"
import { within } from "./faults.ts"
import type { Device } from "./ip/device.ts"
import { readError } from "./ip/icmp.ts"
import { noBytes, type Packet } from "./ip/packet.ts"
import { parse } from "./ip/wire.ts"
import { type Box, type BoxContext, type Flow, flowOf, type Middlebox, turned } from "./middlebox.ts"

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
const conversation = ({ destination, destinationPort, protocol, source, sourcePort }: Flow): string =>
  `${protocol} ${keyOf(source)} ${sourcePort} ${keyOf(destination)} ${destinationPort}`

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
    if (to.name === outside) {
      const flow = flowOf(packet)
      if (flow !== undefined) this.#until.set(conversation(flow), this.#now() + this.#timeout)
      return packet
    }
    if (from.name !== outside || this.#isAnswer(packet)) return packet
    return reports ? "prohibited" : undefined
  }

  /** True for an answer, and for an error about a packet from inside. */
  #isAnswer(packet: Packet): boolean {
    const flow = flowOf(packet)
    if (flow !== undefined) return this.#isOpen(conversation(turned(flow)))
    const quoted = parse(readError(packet.family, packet.body)?.quoted ?? noBytes)
    const about = quoted === undefined ? undefined : flowOf(quoted)
    return about !== undefined && this.#isOpen(conversation(about))
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
export const firewall = (options: FirewallOptions): Middlebox => {
  within("timeout", options.timeout, Number.MAX_VALUE)
  return { outside: options.outside, box: (context) => new Firewall(options, context) }
}

/**
 * A network in memory. Each host has a driver, so a program runs on it unchanged, without privileges, with the faults that a test asks for, and in
 * a browser. One seed is one run.
 *
 * **Details**
 *
 * The hosts behave as Linux does, or have the calls of Winsock: addresses and routes, control messages, the error queue, memberships, receive buffers. There are no Unix sockets.
 *
 * @example
 * ```ts
 * import { Datagram, DatagramSockets } from "@ancillary/effect3"
 * import { Network } from "@ancillary/testing"
 * import { Effect } from "effect"
 *
 * const network = Network.make({ seed: 1 })
 * const server = network.host("server", { addresses: ["10.0.0.1/24"] })
 * const client = network.host("client", { addresses: ["10.0.0.2/24"] })
 * network.link(server, client, { loss: 0.3 })
 *
 * const on = (host: Network.Host) => DatagramSockets.layer(Effect.succeed(host.driver), Network.capabilities)
 * const program = Datagram.bind(Datagram.ipv4, { address: "10.0.0.1", port: 53 }).pipe(Effect.provide(on(server)))
 * ```
 * @since 0.1.0
 */
import { Agenda } from "./network/agenda.ts"
import { type NetworkClock, systemClock } from "./network/clock.ts"
import type { LinkFaults } from "./network/faults.ts"
import { Host, type HostOptions, Interface } from "./network/host.ts"
import { LinkWire } from "./network/link.ts"
import { Random } from "./network/random.ts"
import { chart } from "./network/trace/chart.ts"
import { pcapng } from "./network/trace/pcapng.ts"
import { Recorder, type TraceEvent } from "./network/trace/recorder.ts"
import { Turns } from "./network/turns.ts"

export { type ManualClock, manualClock, type NetworkClock, systemClock } from "./network/clock.ts"
export type { LinkFaults } from "./network/faults.ts"
export type { HostFaults } from "./network/pressure.ts"
export { type Host, type HostOptions, type Interface, type InterfaceOptions } from "./network/host.ts"
export { firewall, type FirewallOptions } from "./network/firewall.ts"
export type { Middlebox } from "./network/middlebox.ts"
export { nat, type NatDependence, type NatOptions } from "./network/nat.ts"
export { prefixTranslation, type PrefixTranslationOptions } from "./network/prefixTranslation.ts"
export { shrink } from "./network/shrink.ts"
export type { TraceEvent } from "./network/trace/recorder.ts"

/**
 * Settings of a network.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkOptions {
  /** Source of all randomness: faults, and ports that hosts choose. Default 0. */
  readonly seed?: number | undefined
  /** Default: the time of the machine. */
  readonly clock?: NetworkClock | undefined
  /** Whether `trace` is kept. Default true. Without it a long run needs no memory. */
  readonly trace?: boolean | undefined
}

/**
 * A cable between two hosts, or a network that more are attached to.
 *
 * @category models
 * @since 0.1.0
 */
export interface Link {
  readonly name: string
  /**
   * Changes faults in every direction, of what one end sends, or of what it sends to one other end. Those that are not named stay. Throws
   * `TypeError` for hosts that are no ends of the link.
   */
  readonly change: (faults: LinkFaults, from?: Host | Interface, to?: Host | Interface) => void
  /** Cuts the link. Packets under way are lost. */
  readonly down: () => void
  readonly up: () => void
}

/**
 * Hosts and links.
 *
 * @category models
 * @since 0.1.0
 */
export interface Network {
  /** Adds a host. It has a loopback interface, and `eth0` if it is given addresses. */
  readonly host: (name: string, options?: HostOptions) => Host
  /**
   * Links two or more hosts, in the end with faults. A host is linked by its first interface without a link. Give an interface in place of a
   * host to choose.
   */
  readonly link: (...ends: ReadonlyArray<Host | Interface | LinkFaults>) => Link
  /** The events of every packet so far, in their order. */
  readonly trace: ReadonlyArray<TraceEvent>
  /** Draws `trace` as a sequence chart: a column for each host, a line for each packet. */
  readonly chart: () => string
  /** Writes `trace` as a capture file, which Wireshark and tcpdump read. Each link is an interface, and the fate of a packet is its comment. */
  readonly pcapng: () => Uint8Array
  /** Nanoseconds since 1970, by the clock of the network. */
  readonly now: () => bigint
  /**
   * Turns of the event loop in which sockets reported so far. If it stays the same for some turns of the loop, programs have read all that arrived.
   */
  readonly turns: () => number
}

/** Throws if an interface cannot be the end of another link. */
const validateEnds = (ends: ReadonlyArray<Interface>, hosts: ReadonlyMap<string, Host>): void => {
  if (ends.length < 2) throw new TypeError("A link has two ends or more.")
  for (const [i, { device, host, name }] of ends.entries()) {
    if (hosts.get(host.name) !== host)
      throw new TypeError(`${host.name} is a host of another network. Links join hosts of one network.`)
    if (device.loopback) throw new TypeError(`${name} of ${host.name} is the loopback interface. Give another one.`)
    if (device.wire !== undefined || ends.some((other, j) => j < i && other.device === device))
      throw new TypeError(`${name} of ${host.name} has a link already. Give another one: host.interface(name).`)
  }
}

/** Mixes all bits of a seed, so that seeds above 32 bits differ, too. */
const seedOf = (seed: number): number => {
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed: ${seed} is not a safe integer.`)
  return (seed | 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x27d4eb2f)
}

const isEnd = (value: Host | Interface | LinkFaults): value is Host | Interface =>
  value instanceof Host || value instanceof Interface

/**
 * Makes a network without hosts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: NetworkOptions = {}): Network => {
  const { clock = systemClock, trace = true } = options
  const seed = seedOf(options.seed ?? 0)
  const agenda = new Agenda(clock)
  const recorder = new Recorder(() => agenda.now, trace)
  const turns = new Turns()
  const hosts = new Map<string, Host>()
  const links: Array<string> = []
  const interfaceOf = (end: Host | Interface): Interface => (end instanceof Interface ? end : end.freeInterface())
  return {
    host: (name, hostOptions = {}) => {
      if (hosts.has(name)) throw new TypeError(`The network has a host ${name} already.`)
      const number = hosts.size + 1
      // Each host has a source of its own, so that one host more does not change the ports of the others.
      const random = new Random(seed ^ Math.imul(number, 0x9e3779b1))
      const faults = new Random(seed ^ Math.imul(number, 0xc2b2ae35))
      const host = new Host(name, number, hostOptions, { agenda, recorder, turns, random, faults })
      hosts.set(name, host)
      return host
    },
    link: (...given) => {
      const ends = given.filter(isEnd).map(interfaceOf)
      const faults = given.find((each): each is LinkFaults => !isEnd(each)) ?? {}
      validateEnds(ends, hosts)
      const joined = ends.map(({ host }) => host.name).join("–")
      links.push(joined)
      const parallel = links.filter((other) => other === joined).length
      const name = parallel === 1 ? joined : `${joined} ${parallel}`
      const devices = ends.map(({ device }) => device)
      const wire = new LinkWire({
        name,
        ends: devices,
        faults,
        agenda,
        recorder,
        seed: seed ^ Math.imul(links.length, 0x85ebca6b)
      })
      return {
        name,
        change: (changed, from, to) => {
          const devicesOf = (end: Host | Interface | undefined) => {
            if (end === undefined) return undefined
            const own = ends.filter(
              ({ device, host }) => host === end || (end instanceof Interface && end.device === device)
            )
            if (own.length === 0) throw new TypeError(`${end.name} is not an end of the link ${name}.`)
            return own.map(({ device }) => device)
          }
          wire.change(changed, devicesOf(from), devicesOf(to))
        },
        down: () => void (wire.isUp = false),
        up: () => void (wire.isUp = true)
      }
    },
    trace: recorder.events,
    chart: () => chart(recorder.events, [...hosts.keys()]),
    pcapng: () => pcapng(recorder.events),
    now: () => agenda.now,
    turns: () => turns.count
  }
}

/**
 * Features of a host, for `DatagramSockets.layer`: those of Linux that need no Unix socket.
 *
 * @category constants
 * @since 0.1.0
 */
export const capabilities = [
  "timestamp",
  "timestamping",
  "dropCount",
  "originalDestination",
  "segmentation",
  "coalescing",
  "fragmentSize",
  "checksum",
  "flowLabel",
  "mark",
  "priority",
  "transmitTime",
  "ipOptions",
  "routingHeader",
  "hopByHopOptions",
  "destinationOptions",
  "errorReports",
  "pathMtuReports",
  "transmitTimestamps",
  "stickyHeaders",
  "bindToDevice",
  "unicastInterface",
  "reusePort",
  "steering",
  "freebind",
  "transparent",
  "multicastAll",
  "defaultTrafficClass",
  "defaultPriority",
  "defaultMark",
  "autoFlowLabel",
  "pathMtuDiscovery"
] as const

/**
 * Features of a host whose system is `winsock`, for `DatagramSockets.layer`.
 *
 * @category constants
 * @since 0.1.0
 */
export const winsockCapabilities = [
  "originalArrivalInterface",
  "counterTimestamp",
  "segmentation",
  "coalescing",
  "routingHeader",
  "sentRoutingHeader",
  "hopByHopOptions",
  "exclusiveUse",
  "unicastInterface",
  "pathMtuDiscovery"
] as const

/**
 * A run of a network as data: hosts, links with faults, and datagrams with their times. A failing run, for example a random one, is reduced to the
 * fewest hosts, datagrams and faults, and printed as a test.
 *
 * @example
 * ```ts
 * import { NetworkRun } from "@ancillary/testing"
 *
 * const run: NetworkRun.NetworkRun = {
 *   seed: 7,
 *   hosts: { server: { addresses: ["10.0.0.1/24"] }, client: { addresses: ["10.0.0.2/24"] }, idle: { addresses: ["10.0.0.3/24"] } },
 *   links: [{ ends: ["server", "client", "idle"], faults: { delay: 5, duplicate: 0.5 } }],
 *   datagrams: [1, 2, 3].map((n) => ({ after: n, from: "client", to: { address: "10.0.0.1", port: 7 }, data: [n] }))
 * }
 *
 * // True if a datagram with 2 arrives. A real function starts a program on the driver of a host, and checks it.
 * const fails = (run: NetworkRun.NetworkRun): boolean => {
 *   const { clock, network } = NetworkRun.play(run)
 *   clock.advance(1000)
 *   return network.trace.some(({ packet }) => packet?.body.at(-1) === 2)
 * }
 *
 * const smallest = await NetworkRun.reduce(run, fails)
 * console.log(NetworkRun.testOf(smallest, { title: "no 2 arrives", fails: "fails", from: "./fails.ts" }))
 * ```
 * @since 0.1.0
 */
import { InternetEndpoint, Ipv4Address, Ipv6Address } from "@ancillary/control"
import { compile } from "@ancillary/engine/plan/Plan"
import { open, openNew, OpenSocket, SendQueue } from "@ancillary/engine/socket"
import { make as spec } from "@ancillary/engine/spec/Spec"
import * as Network from "./Network.ts"
import { shrinkAsync } from "./network/shrink.ts"

/**
 * A host of a run.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunHost extends Omit<Network.HostOptions, "rewriteTrafficClass"> {
  /** Its interfaces beside `eth0`, by name. */
  readonly interfaces?: { readonly [name in string]: Network.InterfaceOptions } | undefined
}

/**
 * A link of a run. An end is a host, or one of its interfaces: `router/wan`.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunLink {
  readonly ends: ReadonlyArray<string>
  readonly faults?: Network.LinkFaults | undefined
}

/**
 * A datagram that a host sends.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunDatagram {
  /** Milliseconds from the beginning of the run. */
  readonly after: number
  readonly from: string
  /** Its source port. Absent: one that is free. Datagrams of one host and port are sent by one socket. */
  readonly port?: number | undefined
  readonly to: { readonly address: string; readonly port: number }
  /** Its bytes. */
  readonly data: ReadonlyArray<number>
}

/**
 * A run as data, so that it can be reduced, printed and stored.
 *
 * @category models
 * @since 0.1.0
 */
export interface NetworkRun {
  readonly seed?: number | undefined
  readonly hosts: { readonly [name in string]: RunHost }
  readonly links: ReadonlyArray<RunLink>
  readonly datagrams: ReadonlyArray<RunDatagram>
}

/**
 * A run that was begun. Its datagrams leave when `clock` reaches their times.
 *
 * @category models
 * @since 0.1.0
 */
export interface Played {
  readonly network: Network.Network
  readonly clock: Network.ManualClock
  /** Returns a host by its name. Throws `TypeError` if the run has no such host. */
  readonly host: (name: string) => Network.Host
  /** Closes the sockets that send the datagrams. */
  readonly close: () => void
}

/**
 * Makes the network of a run, and schedules its datagrams. Throws `TypeError` if a link or a datagram names a host that is missing.
 *
 * @category running
 * @since 0.1.0
 */
export const play = (run: NetworkRun): Played => {
  const clock = Network.manualClock()
  const network = Network.make({ clock, ...(run.seed === undefined ? {} : { seed: run.seed }) })
  const hosts = new Map<string, Network.Host>()
  const ends = new Map<string, Network.Host | Network.Interface>()
  for (const [name, { interfaces = {}, ...options }] of Object.entries(run.hosts)) {
    const host = network.host(name, options)
    hosts.set(name, host)
    ends.set(name, host)
    for (const [own, option] of Object.entries(interfaces)) ends.set(`${name}/${own}`, host.interface(own, option))
  }
  for (const { ends: names, faults = {} } of run.links) network.link(...names.map((name) => found(ends, name)), faults)
  const host = (name: string) => found(hosts, name)
  const senders = new Map<string, Sender>()
  const start = clock.now()
  for (const datagram of run.datagrams) {
    host(datagram.from)
    clock.at(start + BigInt(Math.round(datagram.after * 1_000_000)), () => send(host, clock, senders, datagram))
  }
  return {
    network,
    clock,
    host,
    close: () => {
      for (const { socket } of senders.values()) socket.close()
    }
  }
}

const found = <A>(all: ReadonlyMap<string, A>, name: string): A => {
  const each = all.get(name)
  if (each === undefined) throw new TypeError(`The run has no ${name}. Add it to hosts, or remove what names it.`)
  return each
}

/** A socket of a run, and its datagrams that wait for room in its send buffer. */
interface Sender {
  readonly socket: OpenSocket
  readonly waiting: Array<{ readonly data: Uint8Array; readonly to: RunDatagram["to"] }>
  /** The send that waits. */
  blocked: SendQueue | undefined
}

const send = (
  host: (name: string) => Network.Host,
  clock: Network.ManualClock,
  senders: Map<string, Sender>,
  { data, from, port = 0, to }: RunDatagram
): void => {
  const family = to.address.includes(":") ? "ipv6" : "ipv4"
  const key = `${from} ${family} ${port}`
  let sender = senders.get(key)
  if (sender === undefined) {
    const { driver } = host(from)
    const local =
      family === "ipv6"
        ? new InternetEndpoint("ipv6", Ipv6Address.of([0, 0, 0, 0, 0, 0, 0, 0]), port)
        : new InternetEndpoint("ipv4", Ipv4Address.of(0, 0, 0, 0), port)
    const opened = open(driver, compile(spec(family), driver.abi), { native: openNew, local, peer: undefined })
    if (!(opened instanceof OpenSocket)) throw new TypeError(opened.message)
    sender = { socket: opened, waiting: [], blocked: undefined }
    senders.set(key, sender)
  }
  sender.waiting.push({ data: Uint8Array.from(data), to })
  if (sender.blocked === undefined) flush(clock, sender)
}

/** Sends what waits. If the send buffer is full, it tries again each millisecond. */
const flush = (clock: Network.ManualClock, sender: Sender): void => {
  const { socket, waiting } = sender
  while (sender.blocked !== undefined || waiting.length > 0) {
    const message = waiting[0]
    let result = sender.blocked ?? socket.trySend(message)
    // An error of an earlier datagram is reported to this one. Another attempt sends it.
    if (result !== undefined && !(result instanceof SendQueue)) result = socket.trySend(message)
    if (result instanceof SendQueue && result.run() !== undefined) {
      sender.blocked = result
      clock.at(clock.now() + 1_000_000n, () => flush(clock, sender))
      return
    }
    sender.blocked = undefined
    waiting.shift()
  }
}

/**
 * Returns a smaller run that still fails: datagrams, hosts, links, faults and bytes of datagrams are left out as long as `fails` returns
 * true. A run for which `fails` throws counts as one that does not fail.
 *
 * @category reducing
 * @since 0.1.0
 */
export const reduce = async (
  run: NetworkRun,
  fails: (run: NetworkRun) => boolean | Promise<boolean>
): Promise<NetworkRun> => {
  const isFailing = async (smaller: NetworkRun) => {
    try {
      return await fails(smaller)
    } catch {
      return false
    }
  }
  let rest = run
  for (let before: NetworkRun | undefined; before !== rest;) {
    const present = rest
    before = present
    const datagrams = await shrinkAsync(present.datagrams, (fewer) => isFailing({ ...present, datagrams: fewer }))
    if (datagrams.length < present.datagrams.length) rest = { ...present, datagrams }
    for (;;) {
      const smaller = await first(smallerThan(rest), isFailing)
      if (smaller === undefined) break
      rest = smaller
    }
  }
  return rest
}

const first = async (
  runs: Iterable<NetworkRun>,
  isFailing: (run: NetworkRun) => Promise<boolean>
): Promise<NetworkRun | undefined> => {
  for (const run of runs) if (await isFailing(run)) return run
  return undefined
}

/** Runs that lack one part. */
function* smallerThan(run: NetworkRun): Iterable<NetworkRun> {
  for (const [name, host] of Object.entries(run.hosts)) {
    yield without(run, name)
    for (const key of Object.keys(host.faults ?? {})) {
      const { [key as keyof Network.HostFaults]: _, ...faults } = host.faults ?? {}
      const { faults: _all, ...others } = host
      const fewer = Object.keys(faults).length === 0 ? others : { ...others, faults }
      yield { ...run, hosts: { ...run.hosts, [name]: fewer } }
    }
  }
  for (const [at, { ends, faults = {} }] of run.links.entries()) {
    yield { ...run, links: run.links.toSpliced(at, 1) }
    for (const key of Object.keys(faults)) {
      const { [key as keyof typeof faults]: _, ...fewer } = faults
      const link = Object.keys(fewer).length === 0 ? { ends } : { ends, faults: fewer }
      yield { ...run, links: run.links.with(at, link) }
    }
  }
  for (const [at, datagram] of run.datagrams.entries()) {
    const { data } = datagram
    for (const length of new Set([0, 1, data.length >> 1, data.length - 1]))
      if (length >= 0 && length < data.length)
        yield { ...run, datagrams: run.datagrams.with(at, { ...datagram, data: data.slice(0, length) }) }
  }
}

const without = ({ datagrams, hosts, links, ...rest }: NetworkRun, name: string): NetworkRun => {
  const isGone = (end: string) => end === name || end.startsWith(`${name}/`)
  const { [name]: _, ...others } = hosts
  return {
    ...rest,
    hosts: others,
    links: links
      .map((link) => ({ ...link, ends: link.ends.filter((end) => !isGone(end)) }))
      .filter(({ ends }) => ends.length > 1),
    datagrams: datagrams.filter(({ from }) => from !== name)
  }
}

/**
 * Prints a run as a test for vitest. The test passes once `fails`, a function that the module `from` exports, returns false for the run.
 *
 * @category reducing
 * @since 0.1.0
 */
export const testOf = (
  run: NetworkRun,
  { fails, from, title }: { readonly title: string; readonly fails: string; readonly from: string }
): string => `import { expect, it } from "vitest"
import { ${fails} } from ${JSON.stringify(from)}

it(${JSON.stringify(title)}, async () => {
  const run = ${JSON.stringify(run, undefined, 2).replaceAll("\n", "\n  ")}
  expect(await ${fails}(run)).toBe(false)
})
`

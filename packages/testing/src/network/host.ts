/** A host of the network: interfaces, addresses, routes, and the driver of its sockets. */
import { Ipv6Address } from "@ancillary/control"
import type { Driver } from "@ancillary/engine/driver/Driver"
import { type Address, contains, isSame, parseAddress, parsePrefix, type Prefix } from "./address.ts"
import type { Agenda } from "./agenda.ts"
import { makeDriver } from "./driver.ts"
import { Device } from "./ip/device.ts"
import { oneOf } from "./faults.ts"
import type { Packet } from "./ip/packet.ts"
import { Routes } from "./ip/routes.ts"
import { Stack } from "./ip/stack.ts"
import type { Middlebox } from "./middlebox.ts"
import { Notices } from "./notices.ts"
import { type HostFaults, Pressure } from "./pressure.ts"
import { linux } from "./linux/personality.ts"
import { winsock } from "./winsock/personality.ts"
import type { Random } from "./random.ts"
import { Ports } from "./socket/ports.ts"
import { UdpTransport } from "./socket/transport.ts"
import type { Recorder } from "./trace/recorder.ts"
import type { Turns } from "./turns.ts"

/**
 * An interface of a host.
 *
 * @category models
 * @since 0.1.0
 */
export interface InterfaceOptions {
  /** Addresses with the length of their network: `10.0.0.1/24`, `fd00::1/64`. */
  readonly addresses?: ReadonlyArray<string> | undefined
  /** Largest packet in bytes, IP header included. Default 1500. */
  readonly mtu?: number | undefined
}

/**
 * A host of the network.
 *
 * @category models
 * @since 0.1.0
 */
export interface HostOptions extends InterfaceOptions {
  /** Address of the router for everything that is not on the host's links, one for each family. */
  readonly gateway?: string | ReadonlyArray<string> | undefined
  /** The system that the host runs: layouts, numbers and errors. Default `linux`. */
  readonly system?: "linux" | "winsock" | undefined
  /** It forwards packets between its interfaces. */
  readonly router?: boolean | undefined
  /** Replaces the traffic class of packets that it forwards. */
  readonly rewriteTrafficClass?: ((trafficClass: number) => number) | undefined
  /** Checks the memory behind each received datagram, and detaches borrowed payloads when they are given back. */
  readonly guarded?: boolean | undefined
  /** Control data that its sockets lose. Default: none. */
  readonly faults?: HostFaults | undefined
}

/** Parts that the hosts of a network share. */
export interface Parts {
  readonly agenda: Agenda
  readonly recorder: Recorder
  readonly turns: Turns
  /** Source of the ports that the host chooses. */
  readonly random: Random
  /** Source of the faults of the host. */
  readonly faults: Random
}

const loopbackMtu = 65_536
const defaultMtu = 1500

/**
 * A host of a network in memory, with its interfaces and the driver of its sockets.
 *
 * @category models
 * @since 0.1.0
 */
export class Host {
  readonly name: string
  /** Opens the sockets of this host. */
  readonly driver: Driver
  readonly #number: number
  readonly #devices: Array<Device> = []
  /** Index of the latest interface. No other one gets it. The loopback interface has 1. */
  #lastIndex = 1
  readonly #ports: Ports
  readonly #stack: Stack
  readonly #routes: Routes
  readonly #notices: Notices
  readonly #now: () => bigint
  readonly #pressure: Pressure
  readonly #isLinux: boolean

  constructor(name: string, number: number, options: HostOptions, parts: Parts) {
    const { agenda, recorder, turns } = parts
    const { system = "linux" } = options
    oneOf("system", system, ["linux", "winsock"])
    const personality = system === "winsock" ? winsock : linux
    this.#isLinux = personality === linux
    this.name = name
    this.#number = number
    this.#notices = new Notices(turns)
    const now = () => agenda.now
    this.#now = now
    const drop = (packet: Packet, why: string) => void recorder.record({ kind: "drop", packet, at: name, why })
    const routes = new Routes(this.#devices, now)
    const ports = new Ports(parts.random)
    const pressure = new Pressure(parts.faults)
    pressure.change(options.faults ?? {})
    this.#pressure = pressure
    const transport = new UdpTransport({ ports, now, drop, pressure })
    this.#ports = ports
    this.#routes = routes
    this.#stack = new Stack({ routes, agenda, transport, drop })
    this.#stack.forwards = options.router === true
    this.#stack.rewriteTrafficClass = options.rewriteTrafficClass
    const loopback = new Device({ index: 1, name: "lo", host: name, loopback: true, mtu: loopbackMtu })
    loopback.addresses = [parsePrefix("127.0.0.1/8"), parsePrefix("::1/128")]
    this.#devices.push(loopback)
    if (options.addresses !== undefined) this.interface("eth0", options)
    const gateways = typeof options.gateway === "string" ? [options.gateway] : (options.gateway ?? [])
    for (const gateway of gateways) this.route(gateway.includes(":") ? "::/0" : "0.0.0.0/0", { via: gateway })
    this.driver = makeDriver({
      place: { routes, ports, stack: this.#stack, now, personality, turns },
      devices: this.#devices,
      notices: this.#notices,
      guarded: options.guarded === true
    })
  }

  /** Adds an interface. Its index is the next free one, from 2. It also has a link-local IPv6 address. */
  interface(name: string, options: InterfaceOptions = {}): Interface {
    if (this.#devices.some((device) => device.name === name))
      throw new TypeError(`${this.name} has an interface ${name} already.`)
    const { mtu = defaultMtu } = options
    validateMtu(mtu)
    const index = ++this.#lastIndex
    const hex = (value: number) => value.toString(16).padStart(2, "0")
    const device = new Device({
      index,
      name,
      host: this.name,
      loopback: false,
      mtu,
      keepsAddresses: this.#isLinux,
      hardwareAddress: `02:00:00:${hex(this.#number >> 8)}:${hex(this.#number & 0xff)}:${hex(index)}`
    })
    const linkLocal = Ipv6Address.of([
      0xfe80,
      0,
      0,
      0,
      0,
      0xff,
      0xfe00 | (this.#number >> 8),
      ((this.#number & 0xff) << 8) | index
    ])
    const addresses = (options.addresses ?? []).map(parsePrefix)
    validateIpv6(addresses, mtu)
    device.linkLocal = { address: linkLocal, length: 64 }
    device.addresses = mtu < leastIpv6 ? addresses : [...addresses, device.linkLocal]
    device.receive = (packet) => this.#stack.input(packet, device)
    device.carrierChanged = () => this.#notices.tell()
    this.#devices.push(device)
    this.#notices.tell()
    return this.#interfaceOf(device)
  }

  #interfaceOf(device: Device): Interface {
    return new Interface(this, device, { changed: () => this.#notices.tell(), remove: () => this.#remove(device) })
  }

  #remove(device: Device): void {
    const at = this.#devices.indexOf(device)
    if (at < 0) return
    this.#devices.splice(at, 1)
    device.up = false
    device.wire?.unplug(device)
    this.#routes.remove(device)
    for (const { memberships } of this.#ports.open) memberships.end(device.index)
    this.#notices.tell([{ index: device.index }])
  }

  /** Returns an interface by its name. */
  interfaceNamed(name: string): Interface {
    const device = this.#devices.find((each) => each.name === name)
    if (device === undefined) {
      const names = this.#devices.map((each) => each.name).join(", ")
      throw new TypeError(`${this.name} has no interface ${name}. It has ${names}.`)
    }
    return this.#interfaceOf(device)
  }

  /** The interface that a link gets if none is named: the first without a link. */
  freeInterface(): Interface {
    const device = this.#devices.find(({ loopback, wire }) => !loopback && wire === undefined)
    if (device === undefined)
      throw new TypeError(
        `${this.name} has no interface without a link: give it addresses, or another interface by host.interface(name).`
      )
    return this.interfaceNamed(device.name)
  }

  /** Sends packets to a network by a router. The router must be on a link of this host. */
  route(network: string, { via }: { readonly via: string }): void {
    const prefix = parsePrefix(network)
    const router = parseAddress(via)
    const device = this.#devices.find((each) => each.addresses.some((own) => isOnLink(own, router)))
    if (device === undefined) throw new TypeError(`${this.name} has no address in the network of the router ${via}.`)
    this.#routes.add({ prefix, device, via: router })
  }

  /** Sets the boxes that packets pass which this router forwards: a NAT, a firewall. None removes them, with their state. */
  use(...boxes: ReadonlyArray<Middlebox>): void {
    if (boxes.length > 0 && !this.#stack.forwards)
      throw new TypeError(`${this.name} forwards nothing. Make it a router: network.host(name, { router: true }).`)
    for (const { outside } of boxes) this.interfaceNamed(outside)
    const made = boxes.map(({ box }) => box({ now: this.#now }))
    // Linux: filters see inner addresses in both directions, so translations come last.
    this.#stack.boxes = made.toSorted((a, b) => Number(a.arrives !== undefined) - Number(b.arrives !== undefined))
  }

  /** Changes faults of the host. Those that are not named stay. */
  change(faults: HostFaults): void {
    this.#pressure.change(faults)
  }

  /** Number of open sockets. */
  get sockets(): number {
    return this.#ports.open.size
  }
}

/** Smallest MTU of IPv6 (RFC 8200). Linux: an interface with a smaller one has no IPv6. */
const leastIpv6 = 1280

const isIpv6 = ({ address }: Prefix): boolean => address.family === "ipv6"

const validateIpv6 = (addresses: ReadonlyArray<Prefix>, mtu: number): void => {
  const first = addresses.find(isIpv6)
  if (mtu < leastIpv6 && first !== undefined)
    throw new TypeError(`${String(first.address)}: IPv6 requires an MTU of ${leastIpv6} bytes, and it is ${mtu}.`)
}

/** Linux: `ETH_MIN_MTU`, and the largest of a virtual cable. */
const validateMtu = (mtu: number): void => {
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65_535)
    throw new TypeError(`mtu: ${mtu} is not an integer from 68 to 65535.`)
}

const isOnLink = (own: Prefix, router: Address): boolean => {
  const width = own.address.family === "ipv4" ? 32 : 128
  return own.length < width && contains(own, router)
}

/**
 * An interface of a host in memory.
 *
 * @category models
 * @since 0.1.0
 */
export class Interface {
  readonly host: Host
  readonly #device: Device
  readonly #changed: () => void
  readonly #remove: () => void

  constructor(host: Host, device: Device, calls: { readonly changed: () => void; readonly remove: () => void }) {
    this.host = host
    this.#device = device
    this.#changed = calls.changed
    this.#remove = calls.remove
  }

  get name(): string {
    return this.#device.name
  }

  /** Its number in control messages and zones. */
  get index(): number {
    return this.#device.index
  }

  /** @internal */
  get device(): Device {
    return this.#device
  }

  /** Adds an address with the length of its network. */
  addAddress(address: string): void {
    const added = parsePrefix(address)
    if (this.#device.owns(added.address)) throw new TypeError(`${this.name} has the address ${address} already.`)
    validateIpv6([added], this.#device.mtu)
    this.#device.addresses = [...this.#device.addresses, added]
    this.#changed()
  }

  /** Removes an address. Sockets that are bound to it receive nothing any more. */
  removeAddress(address: string): void {
    const removed = parsePrefix(address).address
    if (!this.#device.owns(removed)) throw new TypeError(`${this.name} does not have the address ${address}.`)
    this.#device.addresses = this.#device.addresses.filter((prefix) => !isSame(prefix.address, removed))
    this.#changed()
  }

  /** Switches the interface on or off. Linux: when it is off, it loses its IPv6 addresses, but not the link-local one. */
  setUp(up: boolean): void {
    const device = this.#device
    device.up = up
    if (!up && device.keepsAddresses)
      device.addresses = device.addresses.filter((each) => !isIpv6(each) || each === device.linkLocal)
    this.#changed()
  }

  /** Removes the interface, with its addresses, routes and memberships. If its link has one other end, that end may get another link. */
  remove(): void {
    this.#remove()
  }

  /** Sets the largest packet in bytes. Below 1,280 the interface loses its IPv6 addresses. From there on it has a link-local one again. */
  setMtu(mtu: number): void {
    validateMtu(mtu)
    const device = this.#device
    const { addresses, linkLocal } = device
    if (mtu < leastIpv6) device.addresses = addresses.filter((each) => !isIpv6(each))
    else if (device.mtu < leastIpv6 && linkLocal !== undefined) device.addresses = [...addresses, linkLocal]
    device.mtu = mtu
    this.#changed()
  }
}

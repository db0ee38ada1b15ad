/** The Internet layer of a host: it sends, receives and forwards packets, cuts and joins them, and reports troubles by ICMP. */
import { type Address, isOfInterface } from "../address.ts"
import type { Agenda } from "../agenda.ts"
import type { Device } from "./device.ts"
import { cut, Reassembly } from "./fragments.ts"
import {
  echoTypes,
  errorBody,
  type IcmpError,
  icmpOf,
  isErrorForbidden,
  readError,
  sealed,
  type Trouble
} from "./icmp.ts"
import { headerSize, type Packet, plain, protocols, segmentsOf, sizeOf } from "./packet.ts"
import { recorded } from "./recordRoute.ts"
import type { Path, Routes } from "./routes.ts"
import { parse, type Quoted } from "./wire.ts"

/** How a packet came to this host. */
export interface Arrival {
  /** The interface that packet information names. */
  readonly device: Device
  /** The sender is this host. */
  readonly fromHere: boolean
  readonly kind: "unicast" | "broadcast" | "multicast"
}

/** The first interface of every host. */
export const loopbackIndex = 1

/** The layer above. */
export interface Transport {
  /** Returns false if no socket takes the packet. */
  readonly deliver: (packet: Packet, arrival: Arrival) => boolean
  readonly failed: (error: IcmpError, quoted: Quoted, report: Packet, arrival: Arrival) => void
  /** True if a socket has joined the group on that interface and hears the source. */
  readonly hears: (device: Device, group: Address, source: Address) => boolean
}

/** A box that looks at packets which are forwarded. See `middlebox.ts`. */
export interface ForwardingBox {
  readonly passes: (packet: Packet, from: Device, to: Device) => Packet | "prohibited" | undefined
  readonly arrives?: ((packet: Packet, from: Device) => Packet | undefined) | undefined
}

/** Linux: a virtual cable drops packets that are larger than the MTU of their receiver and a tag of a virtual network. */
const tagBytes = 4

/** 255.255.255.255. */
const allHosts = 0xffff_ffff

/** Linux gives up looking for a neighbour after three requests, one a second. */
const neighbourPatience = 3_000_000_000n

export class Stack {
  readonly routes: Routes
  readonly #agenda: Agenda
  readonly #transport: Transport
  readonly #drop: (packet: Packet, why: string) => void
  readonly #reassembly = new Reassembly()
  #identification = 0
  forwards = false
  boxes: ReadonlyArray<ForwardingBox> = []
  rewriteTrafficClass: ((trafficClass: number) => number) | undefined

  constructor(options: {
    readonly routes: Routes
    readonly agenda: Agenda
    readonly transport: Transport
    readonly drop: (packet: Packet, why: string) => void
  }) {
    this.routes = options.routes
    this.#agenda = options.agenda
    this.#transport = options.transport
    this.#drop = options.drop
  }

  nextIdentification(): number {
    this.#identification = (this.#identification + 1) % 0x1_0000_0000
    return this.#identification
  }

  /** Sends a packet of this host. `loopback`: sockets of this host that have joined the group hear it, too. */
  output(packet: Packet, path: Path, loopback = true): void {
    const { device, kind } = path
    if (kind === "local" || device.loopback) return this.#inputLocal(packet, device, kind)
    if (kind === "broadcast" || (kind === "multicast" && loopback)) this.#inputLocal(packet, device, kind)
    // A group that must not leave the host.
    if (kind === "multicast" && (packet.hopLimit === 0 || scopeOf(packet.destination) === 1)) return
    this.#transmit(packet, path)
  }

  #inputLocal(packet: Packet, device: Device, kind: Path["kind"]): void {
    const { destination } = packet
    const arrives = kind === "unicast" ? this.#kindOf(destination) : kind
    // Linux: sockets receive a packet that was sent by the loopback interface, although it is for another host.
    if (arrives === "unicast" && this.routes.owner(destination) === undefined) {
      if (!this.#transport.deliver(packet, { device, fromHere: true, kind: arrives }))
        this.#drop(packet, "the address is not one of this host")
      return
    }
    const own = arrives === "local" ? "unicast" : arrives
    if (own === "multicast" && !this.#isJoined(packet, device)) return
    const arrival: Arrival = { device, fromHere: true, kind: own }
    // Linux: the largest IPv6 datagram does not fit into a packet of loopback.
    if (kind !== "local") return this.#deliver(packet, arrival)
    if (packet.train !== undefined) return this.#deliver(packet, arrival)
    for (const piece of cut(packet, this.routes.mtu(packet.destination, { device, kind, nextHop: packet.destination })))
      this.#deliver(piece, arrival)
  }

  /** Cuts the packet for the path, and sends its pieces. `original` is the packet that an error is about, if a box may have changed it. */
  #transmit(packet: Packet, path: Path, original?: Packet): void {
    const { device, kind, nextHop } = path
    const mtu = Math.min(device.mtu, this.routes.mtu(packet.destination, path))
    for (const piece of segmentsOf(packet).flatMap((segment) => cut(segment, mtu))) {
      if (device.wire === undefined) this.#drop(piece, "the interface has no link")
      else if (device.wire.send(piece, device, kind === "unicast" ? nextHop : undefined)) continue
      if (kind !== "unicast") continue
      const about = piece.fragment !== undefined && piece.fragment.offset > 0 ? piece : (original ?? piece)
      this.#agenda.at(this.#agenda.now + neighbourPatience, () => this.#report("host unreachable", about))
    }
  }

  /** Takes a packet from a wire. */
  input(packet: Packet, device: Device): void {
    if (!device.up) return this.#drop(packet, "the interface is down")
    const { destination, source } = packet
    if (sizeOf(packet) > device.mtu + tagBytes) return this.#drop(packet, "larger than the MTU of the interface")
    if (source.isLoopback || destination.isLoopback) return this.#drop(packet, "a loopback address on a link")
    if (this.#isMartian(packet)) return this.#drop(packet, "a source that no other host has")
    // Linux: connection tracking, which boxes stand for, puts fragments together. If one is missing, only an end host reports it.
    const whole =
      this.boxes.length === 0
        ? packet
        : this.#reassembly.add(
            packet,
            this.#later,
            (first) => first !== undefined && this.#drop(first, "a fragment is missing")
          )
    if (whole !== undefined) this.#arrived(whole, device)
  }

  readonly #later = (delay: bigint, task: () => void): void => this.#agenda.at(this.#agenda.now + delay, task)

  #arrived(packet: Packet, device: Device): void {
    const { destination } = packet
    const kind = this.#kindOf(destination)
    if (kind === "multicast" && !this.#isJoined(packet, device)) return
    for (const box of this.boxes) {
      const arrived = kind === "unicast" ? box.arrives?.(packet, device) : undefined
      if (arrived !== undefined) return this.#forward(arrived, device, packet)
    }
    if (kind !== "unicast" || this.routes.owner(destination, device) !== undefined)
      return this.#deliver(packet, { device, fromHere: false, kind })
    if (this.forwards) return this.#forward(packet, device)
    this.#drop(packet, "the address is not one of this host")
  }

  /** Linux: a source that is a group, all hosts, this host, or unknown to its sender (only to all hosts). IPv6 looks only for groups. */
  #isMartian({ destination, source }: Packet): boolean {
    if (source.isMulticast) return true
    if (source.family === "ipv6") return false
    const isOfThisNetwork = source.value >>> 24 === 0
    return (
      source.value === allHosts ||
      (isOfThisNetwork && !(destination.family === "ipv4" && destination.value === allHosts)) ||
      this.routes.owner(source) !== undefined
    )
  }

  #kindOf(destination: Address): Arrival["kind"] {
    if (destination.isMulticast) return "multicast"
    if (destination.family === "ipv6") return "unicast"
    const isForAll = destination.value === allHosts || this.routes.broadcaster(destination) !== undefined
    return isForAll ? "broadcast" : "unicast"
  }

  /** `original` is the packet as its sender knows it, if a box has changed it. */
  #forward(packet: Packet, from: Device, original = packet): void {
    const { destination, family, source } = packet
    if (packet.hopLimit <= 1) {
      this.#drop(packet, "the hop limit is used up")
      return this.#report("hop limit exceeded", original)
    }
    if (isOfInterface(destination) || isOfInterface(source))
      return this.#drop(packet, "link-local addresses are not forwarded")
    const path = this.routes.find(destination)
    if (path === undefined || path.kind === "local") {
      if (path !== undefined) return this.#deliver(packet, { device: from, fromHere: false, kind: "unicast" })
      this.#drop(packet, "no route")
      return this.#report("network unreachable", original)
    }
    const trafficClass = this.rewriteTrafficClass?.(packet.trafficClass) ?? packet.trafficClass
    const own = path.device.of(family)[0]?.address
    const options = own === undefined ? packet.options : recorded(packet.options, own)
    const onward: Packet = { ...packet, options, trafficClass, hopLimit: packet.hopLimit - 1 }
    const passed = this.#passed(packet, onward, from, path.device)
    if (passed === undefined) return this.#drop(packet, "filtered")
    if (passed === "prohibited") {
      this.#drop(packet, "prohibited")
      return this.#report("prohibited", original)
    }
    const { mtu } = path.device
    // A packet that was put together here leaves as it came, in fragments.
    const size = passed.largestFragment ?? sizeOf(passed)
    if (size > mtu && (family === "ipv6" || packet.dontFragment)) {
      this.#drop(packet, `larger than the MTU of ${mtu} bytes`)
      return this.#report("too big", original, mtu)
    }
    const { hopLimit } = passed
    this.#transmit({ ...passed, largestFragment: undefined }, path, { ...original, options, trafficClass, hopLimit })
  }

  /** Boxes know a packet that came in by them, so each is asked about the packet that it returned. */
  #passed(packet: Packet, onward: Packet, from: Device, to: Device): Packet | "prohibited" | undefined {
    let current: Packet = packet
    for (const box of this.boxes) {
      const passed = box.passes(current, from, to)
      if (passed === undefined || passed === "prohibited") return passed
      current = passed
    }
    return { ...current, options: onward.options, trafficClass: onward.trafficClass, hopLimit: onward.hopLimit }
  }

  #deliver(packet: Packet, arrival: Arrival): void {
    if (packet.fragment !== undefined) {
      const whole = this.#reassembly.add(
        packet,
        this.#later,
        (first) => first !== undefined && this.#report("reassembly time exceeded", first)
      )
      if (whole !== undefined) this.#deliver(whole, arrival)
      return
    }
    if (packet.protocol === icmpOf[packet.family]) return this.#icmp(packet, arrival)
    if (packet.protocol === protocols.udp && this.#transport.deliver(packet, arrival)) return
    this.#drop(packet, "no socket")
    if (arrival.kind === "unicast") this.#report("port unreachable", packet)
  }

  #icmp(packet: Packet, arrival: Arrival): void {
    const { body, family } = packet
    const error = readError(family, body)
    if (error !== undefined) {
      const quoted = parse(error.quoted)
      if (quoted === undefined) return
      if (error.mtu > 0) this.routes.learnMtu(quoted.destination, error.mtu)
      return this.#transport.failed(error, quoted, packet, arrival)
    }
    if (body[0] === echoTypes[family].reply) return void this.#transport.deliver(packet, arrival)
    if (body[0] !== echoTypes[family].request || arrival.kind !== "unicast") return
    const reply = body.slice()
    reply[0] = echoTypes[family].reply
    this.#answer(packet, reply, packet.trafficClass)
  }

  /** Reports a trouble to the sender of a packet. `mtu`: that of the link on which it is too big. */
  #report(trouble: Trouble, about: Packet, mtu = 0): void {
    if (isErrorForbidden(about)) return
    // Linux: errors are sent with the class "internetwork control" on IPv4.
    this.#answer(
      about,
      errorBody(trouble, about, mtu),
      about.family === "ipv4" ? 0xc0 | (about.trafficClass & 0x1e) : 0
    )
  }

  #answer({ destination, family, source }: Packet, body: Uint8Array, trafficClass: number): void {
    const zoned = source.family === "ipv6" && source.zone !== 0 ? this.routes.device(source.zone) : undefined
    const path = this.routes.find(source, zoned)
    if (path === undefined) return
    // A host answers from the address that was spoken to.
    const own = this.routes.owner(destination) === undefined ? this.routes.sourceFor(source, path) : destination
    const ends = { family, source: own, destination: source }
    const packet: Packet = {
      ...plain,
      ...ends,
      protocol: icmpOf[family],
      hopLimit: 64,
      trafficClass,
      identification: this.nextIdentification(),
      dontFragment: false,
      body: sealed(body, ends)
    }
    this.output(packet, path)
  }

  #isJoined({ destination, source }: Packet, device: Device): boolean {
    return isAllHosts(destination) || this.#transport.hears(device, destination, source)
  }

  /** Bytes that fit behind the headers of a packet on a path. */
  room(packet: Packet, path: Path): number {
    return this.routes.mtu(packet.destination, path) - headerSize(packet)
  }
}

const scopeOf = (address: Address): number | undefined =>
  address.family === "ipv6" && address.isMulticast ? (address.a >>> 16) & 0xf : undefined

/** Every host is a member of these: 224.0.0.1, ff01::1 and ff02::1. */
const isAllHosts = (address: Address): boolean =>
  address.family === "ipv4"
    ? address.value === 0xe0000001
    : (address.a === 0xff010000 || address.a === 0xff020000) && address.b === 0 && address.c === 0 && address.d === 1

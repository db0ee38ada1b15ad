/** The layer of UDP on a host: hands packets to sockets, and errors to those that sent. */
import type { Address } from "../address.ts"
import { checksumOf } from "../ip/checksum.ts"
import type { Device } from "../ip/device.ts"
import { echoTypes, icmpOf, type IcmpError } from "../ip/icmp.ts"
import { type Packet, portsOf, protocols, segmentsOf, udpHeaderSize } from "../ip/packet.ts"
import { type Arrival, loopbackIndex, type Transport } from "../ip/stack.ts"
import type { Quoted } from "../ip/wire.ts"
import type { Pressure } from "../pressure.ts"
import { icmpErrno } from "./icmpErrno.ts"
import type { Ports } from "./ports.ts"
import type { Received, SocketState } from "./socket.ts"

/** Largest payload that is made of merged datagrams, and their number. */
const mostMerged = { bytes: 65_507, count: 64 }

export class UdpTransport implements Transport {
  readonly #ports: Ports
  readonly #now: () => bigint
  readonly #drop: (packet: Packet, why: string) => void
  readonly #pressure: Pressure

  constructor(options: {
    readonly ports: Ports
    readonly now: () => bigint
    readonly drop: (packet: Packet, why: string) => void
    readonly pressure: Pressure
  }) {
    this.#ports = options.ports
    this.#now = options.now
    this.#drop = options.drop
    this.#pressure = options.pressure
  }

  hears(device: Device, group: Address, source: Address): boolean {
    for (const { memberships } of this.#ports.open) if (memberships.opens(group, device.index, source)) return true
    return false
  }

  deliver(packet: Packet, arrival: Arrival): boolean {
    if (packet.protocol === icmpOf[packet.family]) return this.#echoed(packet, arrival)
    const { body, destination, family, source } = packet
    const stored = body.length < udpHeaderSize ? 0 : new DataView(body.buffer, body.byteOffset).getUint16(6)
    // A sum of 0 is "none" on IPv4.
    const isSummed = family === "ipv6" || stored !== 0
    if (body.length < udpHeaderSize || (isSummed && checksumOf(packet, protocols.udp, body) !== 0)) {
      this.#drop(packet, "wrong checksum")
      return true
    }
    const ports = portsOf(body)
    const from = { address: source, port: ports.source }
    const to = { address: destination, port: ports.destination }
    const data = body.subarray(udpHeaderSize)
    if (arrival.kind === "unicast") {
      const socket = this.#ports.lookup(packet, to, from, arrival.device.index)
      if (socket !== undefined) this.#queue(socket, packet, arrival, from, to.port, data)
      return socket !== undefined
    }
    for (const socket of this.#ports.listeners(packet, to, from, arrival.device.index))
      this.#queue(socket, packet, arrival, from, to.port, data)
    return true
  }

  /** Hands the reply to a ping to the socket whose port is its identifier. */
  #echoed(packet: Packet, arrival: Arrival): boolean {
    const { body, family, source } = packet
    if (body[0] !== echoTypes[family].reply || body.length < 8) return false
    const identifier = new DataView(body.buffer, body.byteOffset).getUint16(4)
    for (const socket of this.#ports.at("icmp", identifier)) {
      if (socket.family !== family) continue
      this.#queue(socket, packet, arrival, { address: source, port: 0 }, identifier, body)
      break
    }
    return true
  }

  /** Queues a datagram, or several that one call sent. */
  #queue(
    socket: SocketState,
    packet: Packet,
    arrival: Arrival,
    from: Received["from"],
    port: number,
    data: Uint8Array
  ): void {
    const segments = segmentsOf(packet)
    for (const segment of segments) {
      const own = segments.length === 1 ? data : segment.body.subarray(udpHeaderSize)
      this.#queueOne(socket, segment, arrival, from, port, own)
    }
  }

  #queueOne(
    socket: SocketState,
    packet: Packet,
    arrival: Arrival,
    from: Received["from"],
    port: number,
    data: Uint8Array
  ): void {
    if (this.#merge(socket, packet, data)) return
    const size = socket.charge(data.length)
    if (socket.used + size > socket.settings.receiveBuffer && socket.queue.length > 0) {
      socket.drops++
      return this.#drop(packet, "the receive buffer is full")
    }
    socket.used += size
    socket.queue.push({
      packet,
      arrival,
      from,
      port,
      data: data.slice(),
      size,
      time: this.#now(),
      drops: socket.drops,
      isPrepared: socket.settings.ipv4.packetInfo !== 0 || socket.settings.ipv6.packetInfo !== 0,
      merged: undefined,
      control: this.#pressure.fate(socket.used, socket.settings.receiveBuffer)
    })
    socket.wake()
  }

  /** Appends a datagram to the one before it, if both were sent by one call and the socket merges. */
  #merge(socket: SocketState, packet: Packet, data: Uint8Array): boolean {
    const last = socket.queue.at(-1)
    const { train } = packet
    if (socket.settings.coalescing === 0 || train === undefined || last?.packet.train !== train) return false
    const { count, size } = last.merged ?? { count: 1, size: last.data.length }
    // Only the last of the merged datagrams may be shorter.
    if (data.length > size || last.data.length !== size * count || data.length === 0) return false
    if (last.data.length + data.length > mostMerged.bytes || count >= mostMerged.count) return false
    const joined = new Uint8Array(last.data.length + data.length)
    joined.set(last.data)
    joined.set(data, last.data.length)
    const charged = socket.charge(joined.length)
    socket.used += charged - last.size
    last.size = charged
    last.data = joined
    last.merged = { size, count: count + 1 }
    return true
  }

  failed(error: IcmpError, quoted: Quoted, report: Packet, arrival: Arrival): void {
    const isPing = quoted.protocol === icmpOf[report.family]
    if (!quoted.isFirst || quoted.body.length < 8 || (quoted.protocol !== protocols.udp && !isPing)) return
    const view = new DataView(quoted.body.buffer, quoted.body.byteOffset, quoted.body.byteLength)
    const own = isPing ? view.getUint16(4) : view.getUint16(0)
    const to = { address: quoted.destination, port: isPing ? 0 : view.getUint16(2) }
    const from = { address: quoted.source, port: own }
    // Linux: an error of this host arrives on the loopback interface, whichever has the address.
    const device = arrival.fromHere ? loopbackIndex : arrival.device.index
    const socket = isPing
      ? this.#ports.at("icmp", own).find(({ family }) => family === report.family)
      : this.#ports.lookup({ ...report, source: to.address, destination: from.address }, from, to, device)
    if (socket === undefined) return
    const found = icmpErrno(report.family, error, socket.settings[report.family].pathMtuMode)
    if (found === undefined) return
    const { errno, isHard } = found
    const reports = socket.settings[report.family].errors !== 0
    if (!reports && (!isHard || socket.peer === undefined)) return
    socket.pending = errno
    if (reports)
      socket.errors.push({
        errno,
        origin: "icmp",
        type: error.type,
        code: error.code,
        info: error.mtu,
        data: 0,
        to,
        payload: isPing ? quoted.body : quoted.body.subarray(udpHeaderSize),
        report,
        arrival,
        time: this.#now()
      })
    socket.wake()
  }
}

/** A link between interfaces: a cable with two ends, or a network with more. */
import { type Address } from "./address.ts"
import type { Agenda } from "./agenda.ts"
import { fromMilliseconds } from "./clock.ts"
import { Dice, type LinkFaults, validateFaults } from "./faults.ts"
import { checksumOf } from "./ip/checksum.ts"
import type { Device, Wire } from "./ip/device.ts"
import { icmpOf, sealed } from "./ip/icmp.ts"
import { type Packet, protocols, sizeOf } from "./ip/packet.ts"
import { Random } from "./random.ts"
import type { Recorder } from "./trace/recorder.ts"

/** The packets that one end sends. */
class Direction {
  faults: LinkFaults
  /** Faults on the way to one end of several, in place of the others. */
  readonly toward = new Map<Device, LinkFaults>()
  readonly dice: Dice
  /** Time at which the last packet has left, and at which the last one arrives. */
  freeAt = 0n
  lastArrival = 0n
  /** Packets that wait for the bandwidth, each as the function that returns its room in a send buffer. */
  readonly waiting = new Set<() => void>()

  constructor(faults: LinkFaults, seed: number) {
    this.faults = faults
    this.dice = new Dice(new Random(seed))
  }

  /** Drops the packets that wait. */
  clear(): void {
    this.freeAt = 0n
    this.lastArrival = 0n
    for (const leave of this.waiting) leave()
    this.waiting.clear()
  }
}

const nanosecondsPerSecond = 1_000_000_000
const defaultQueue = 1000
/** Faults that a packet meets before it is known who receives it. */
const ofAllReceivers = ["bandwidth", "queue", "markFrom"] as const

export class LinkWire implements Wire {
  readonly name: string
  readonly #agenda: Agenda
  readonly #recorder: Recorder
  readonly #directions = new Map<Device, Direction>()
  #isUp = true
  /** Number of times that it was cut. A packet that was sent before the latest cut does not arrive. */
  #cuts = 0

  constructor(options: {
    readonly name: string
    readonly ends: ReadonlyArray<Device>
    readonly faults: LinkFaults
    readonly agenda: Agenda
    readonly recorder: Recorder
    readonly seed: number
  }) {
    validateFaults(options.faults)
    this.name = options.name
    this.#agenda = options.agenda
    this.#recorder = options.recorder
    for (const [i, end] of options.ends.entries()) {
      this.#directions.set(end, new Direction(options.faults, options.seed + i * 0x9e37))
      end.wire = this
      end.carrierChanged()
    }
  }

  get isUp(): boolean {
    return this.#isUp
  }

  set isUp(isUp: boolean) {
    if (isUp === this.#isUp) return
    this.#isUp = isUp
    if (!isUp) {
      this.#cuts++
      for (const direction of this.#directions.values()) direction.clear()
    }
    for (const end of this.#directions.keys()) end.carrierChanged()
  }

  unplug(device: Device): void {
    this.#directions.get(device)?.clear()
    this.#directions.delete(device)
    device.wire = undefined
    const [last, ...others] = this.#directions.keys()
    if (last === undefined || others.length > 0) return
    this.#cuts++
    this.#directions.delete(last)
    last.wire = undefined
    last.carrierChanged()
  }

  /** Changes faults. Those that are not named stay. Without `from` in every direction, and with `to` only on the way to those ends. */
  change(faults: LinkFaults, from?: ReadonlyArray<Device>, to?: ReadonlyArray<Device>): void {
    validateFaults(faults)
    for (const name of to === undefined ? [] : ofAllReceivers)
      if (faults[name] !== undefined)
        throw new TypeError(`${name}: all receivers share it. Change it without a receiver.`)
    for (const [end, direction] of this.#directions) {
      if (from !== undefined && !from.includes(end)) continue
      if (to === undefined) direction.faults = { ...direction.faults, ...faults }
      else for (const other of to) direction.toward.set(other, { ...direction.toward.get(other), ...faults })
    }
  }

  send(packet: Packet, from: Device, nextHop: Address | undefined): boolean {
    const direction = this.#directions.get(from)
    if (!this.#isUp) {
      this.#drop(packet, from, "the link is down")
      // Linux: without a carrier no neighbour is found.
      return nextHop === undefined
    }
    const others = [...this.#directions.keys()].filter((end) => end !== from)
    // If several hosts have the address, one of them is the neighbour.
    const to = nextHop === undefined ? others : others.filter((end) => end.up && end.owns(nextHop)).slice(0, 1)
    if (direction === undefined || (nextHop !== undefined && to.length === 0)) {
      this.#drop(packet, from, "no host has the address")
      return false
    }
    const sent = this.#enqueue(packet, from, direction)
    if (sent === undefined) return true
    const away = { ...sent.packet, sendBuffer: undefined }
    for (const end of to) this.#carry(away, from, end, direction, sent.leaves)
    return true
  }

  /** Lets a packet wait for the bandwidth. Returns nothing if it was dropped. */
  #enqueue(
    packet: Packet,
    from: Device,
    direction: Direction
  ): { readonly packet: Packet; readonly leaves: bigint } | undefined {
    const { bandwidth, markFrom, queue = defaultQueue } = direction.faults
    const { now } = this.#agenda
    if (bandwidth === undefined) return { packet, leaves: now }
    const { waiting } = direction
    if (waiting.size >= queue) return this.#drop(packet, from, "the queue is full")
    const isMarked = markFrom !== undefined && waiting.size >= markFrom && (packet.trafficClass & 3) !== 0
    const begins = direction.freeAt > now ? direction.freeAt : now
    const leaves = begins + BigInt(Math.round((sizeOf(packet) * 8 * nanosecondsPerSecond) / bandwidth))
    direction.freeAt = leaves
    const release = packet.sendBuffer?.take(packet)
    const leave = () => release?.()
    waiting.add(leave)
    this.#agenda.at(leaves, () => {
      if (waiting.delete(leave)) leave()
    })
    return { packet: isMarked ? { ...packet, trafficClass: packet.trafficClass | 3 } : packet, leaves }
  }

  #drop(packet: Packet, from: Device, why: string): undefined {
    const frame = { source: from.hardwareAddress ?? "", destination: undefined }
    this.#recorder.record({ kind: "drop", packet, at: from.host, link: this.name, frame, why })
    return undefined
  }

  #carry(packet: Packet, from: Device, to: Device, direction: Direction, leaves: bigint): void {
    const faults = { ...direction.faults, ...direction.toward.get(to) }
    const { copies, lost } = direction.dice.roll(faults)
    const frame = { source: from.hardwareAddress ?? "", destination: to.hardwareAddress }
    const way = { link: this.name, at: from.host, to: to.host, frame }
    if (lost !== undefined) return void this.#recorder.record({ kind: "drop", packet, ...way, why: lost })
    const cuts = this.#cuts
    for (const [i, copy] of copies.entries()) {
      const sent = copy.corrupt ? this.#corrupted(packet, direction.dice, faults) : packet
      const note = [i > 0 ? "duplicate" : "", copy.corrupt ? "corrupted" : "", copy.overtaken ? "overtaken" : ""]
      const why = note.filter((each) => each !== "").join(", ") || undefined
      const number = this.#recorder.record({ kind: "send", packet: sent, ...way, why })
      const wished = leaves + fromMilliseconds(copy.delay)
      // Jitter keeps the order. Only a reordered packet is overtaken.
      const arrives = copy.overtaken || wished > direction.lastArrival ? wished : direction.lastArrival
      if (!copy.overtaken) direction.lastArrival = arrives
      const deliver = () => {
        if (this.#cuts !== cuts) {
          this.#recorder.record({ kind: "drop", packet: sent, ...way, why: "the link went down" })
          return
        }
        this.#recorder.record({ kind: "arrive", packet: sent, link: this.name, at: to.host, of: number })
        to.receive({ ...sent, crossedLink: true, priority: 0, mark: 0 })
      }
      if (arrives <= this.#agenda.now) deliver()
      else this.#agenda.at(arrives, deliver)
    }
  }

  #corrupted(packet: Packet, dice: Dice, faults: LinkFaults): Packet {
    const body = packet.body.slice()
    // Behind the header of UDP, if there is a payload, so that programs receive the datagram if it is not detected.
    const spared = body.length > 8 ? 8 : 0
    const bit = spared * 8 + dice.bit(body.length - spared)
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (faults.undetected === true && packet.fragment === undefined) repair(packet, body)
    return { ...packet, body }
  }
}

/** Sets the checksum to that of the changed body. */
const repair = (packet: Packet, body: Uint8Array): void => {
  if (packet.protocol === icmpOf[packet.family]) return void sealed(body, packet)
  if (packet.protocol !== protocols.udp) return
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  view.setUint16(6, 0)
  view.setUint16(6, checksumOf(packet, protocols.udp, body) || 0xffff)
}
